export { openSqsRedelivery } from '@silversmith/aws/sqs-redelivery'
