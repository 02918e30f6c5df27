/** Of every world. */
export const pipeline = 'notes'
export const bucket = 'bronze'
export const arnOf = (queue: string): string => `arn:aws:sqs:eu-west-1:123456789012:${queue}`
