mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name                     = "objects"
  consumer_timeout_seconds = 300
  window_seconds           = 20
  lease_margin_seconds     = 60
  sources = [{
    service    = "s3.amazonaws.com"
    source_arn = "arn:aws:s3:::bronze"
    account_id = "123456789012"
  }]
}

run "derives_what_is_safe" {
  assert {
    condition     = aws_sqs_queue.this.visibility_timeout_seconds == 6 * 300 + 20
    error_message = "a message must be hidden for six times the time-out of its function and the window of the mapping"
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.this.redrive_policy).maxReceiveCount == 50
    error_message = "50 receives by default"
  }
  assert {
    condition     = aws_sqs_queue.dlq.message_retention_seconds == 1209600 && aws_sqs_queue.this.message_retention_seconds < 1209600
    error_message = "dead letters must be kept two weeks, longer than messages"
  }
  assert {
    condition     = aws_sqs_queue.dlq.name == "objects-dlq" && jsondecode(aws_sqs_queue.this.redrive_policy).deadLetterTargetArn == aws_sqs_queue.dlq.arn
    error_message = "its dead letters must go to its own queue"
  }
  assert {
    condition     = aws_sqs_queue.this.sqs_managed_sse_enabled && aws_sqs_queue.dlq.sqs_managed_sse_enabled
    error_message = "both queues must be encrypted"
  }
  assert {
    condition     = length(aws_sqs_queue.this.tags) == 0
    error_message = "no tags unless some are given"
  }
}

run "hides_until_the_lease_has_ended" {
  variables {
    consumer_timeout_seconds = 10
    lease_margin_seconds     = 300
  }
  assert {
    condition     = aws_sqs_queue.this.visibility_timeout_seconds == 10 + 300 + 60
    error_message = "where six times the time-out is less, the lease decides"
  }
}

run "hides_no_longer_than_sqs_can" {
  variables {
    consumer_timeout_seconds = 900
    window_seconds           = 300
    lease_margin_seconds     = 43000
  }
  assert {
    condition     = aws_sqs_queue.this.visibility_timeout_seconds == 43200
    error_message = "12 hours is SQS' most"
  }
}

run "lets_its_sources_in_and_nobody_else" {
  assert {
    condition = jsondecode(aws_sqs_queue_policy.this.policy).Statement == [
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.this.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "Source0"
        Effect    = "Allow"
        Principal = { Service = "s3.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.this.arn
        Condition = {
          ArnEquals    = { "aws:SourceArn" = "arn:aws:s3:::bronze" }
          StringEquals = { "aws:SourceAccount" = "123456789012" }
        }
      },
    ]
    error_message = "only TLS, and each source by its ARN and account"
  }
  assert {
    condition     = [for one in jsondecode(aws_sqs_queue_policy.dlq.policy).Statement : one.Effect] == ["Deny"]
    error_message = "nobody is let into the dead-letter queue but by TLS"
  }
  assert {
    condition     = jsondecode(aws_sqs_queue_redrive_allow_policy.dlq[0].redrive_allow_policy).sourceQueueArns == [aws_sqs_queue.this.arn]
    error_message = "the dead-letter queue must be of this queue alone"
  }
}

run "takes_more_than_the_rule" {
  variables {
    visibility_timeout_seconds = 3600
  }
  assert {
    condition     = aws_sqs_queue.this.visibility_timeout_seconds == 3600
    error_message = "a longer time is the person's"
  }
}

run "refuses_less" {
  command = plan
  variables {
    visibility_timeout_seconds = 1819
  }
  expect_failures = [var.visibility_timeout_seconds]
}

run "refuses_to_give_up_early" {
  command = plan
  variables {
    max_receive_count = 19
  }
  expect_failures = [var.max_receive_count]
}

run "refuses_messages_older_than_dead_letters" {
  command = plan
  variables {
    retention_seconds = 1209600
  }
  expect_failures = [var.retention_seconds]
}

run "refuses_a_name_too_long_for_its_dead_letters" {
  command = plan
  variables {
    name = "a234567890123456789012345678901234567890123456789012345678901234567890123456789"
  }
  expect_failures = [var.name]
}
