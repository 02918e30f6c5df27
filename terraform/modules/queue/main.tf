locals {
  # AWS' advice, and the lease of an invocation that died: whoever receives the message then may take the work over at once.
  visibility_seconds_min = min(43200, max(
    6 * var.consumer_timeout_seconds + var.window_seconds,
    var.consumer_timeout_seconds + var.lease_margin_seconds + 60,
  ))
  # SQS' most: two weeks.
  dead_retention_seconds = 1209600
}

# Queue

resource "aws_sqs_queue" "this" {
  name                       = var.name
  visibility_timeout_seconds = coalesce(var.visibility_timeout_seconds, local.visibility_seconds_min)
  message_retention_seconds  = var.retention_seconds
  receive_wait_time_seconds  = 20
  sqs_managed_sse_enabled    = true
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dlq.arn
    maxReceiveCount     = var.max_receive_count
  })
  tags = var.tags
}

# Queue policy

locals {
  # Each queue names itself by its own ARN: "*" would be the same, and look like more.
  tls_only = { for name, arn in { this = aws_sqs_queue.this.arn, dlq = aws_sqs_queue.dlq.arn } : name => {
    Sid       = "TlsOnly"
    Effect    = "Deny"
    Principal = "*"
    Action    = "sqs:*"
    Resource  = arn
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  } }
}

resource "aws_sqs_queue_policy" "this" {
  queue_url = aws_sqs_queue.this.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([local.tls_only.this], [for at, source in var.sources : {
      Sid       = "Source${at}"
      Effect    = "Allow"
      Principal = { Service = source.service }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.this.arn
      Condition = {
        ArnEquals    = { "aws:SourceArn" = source.source_arn }
        StringEquals = { "aws:SourceAccount" = source.account_id }
      }
    }])
  })
}

# Dead-letter queue

resource "aws_sqs_queue" "dlq" {
  name                      = "${var.name}-dlq"
  message_retention_seconds = local.dead_retention_seconds
  sqs_managed_sse_enabled   = true
  tags                      = var.tags
}

resource "aws_sqs_queue_policy" "dlq" {
  queue_url = aws_sqs_queue.dlq.url
  policy    = jsonencode({ Version = "2012-10-17", Statement = [local.tls_only.dlq] })
}

resource "aws_sqs_queue_redrive_allow_policy" "dlq" {
  count = var.restrict_redrive ? 1 : 0

  queue_url = aws_sqs_queue.dlq.url
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.this.arn]
  })
}
