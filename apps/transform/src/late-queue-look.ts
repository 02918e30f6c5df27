export { openQueueLook } from '@silversmith/aws/queue-check'
