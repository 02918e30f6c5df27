# Role

resource "aws_iam_role" "this" {
  count = var.role_arn == null ? 1 : 0

  name                 = coalesce(var.role_name, var.name)
  description          = "Role of the function ${var.name}"
  permissions_boundary = var.permissions_boundary_arn
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
  tags = var.role_tags
}

locals {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for statement in var.statements : {
      Sid      = statement.id
      Effect   = "Allow"
      Action   = statement.actions
      Resource = statement.resources
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  count = var.role_arn == null ? 1 : 0

  name   = "work"
  role   = aws_iam_role.this[0].id
  policy = local.policy
}

# Function

resource "aws_lambda_function" "this" {
  function_name    = var.name
  description      = var.description
  role             = var.role_arn == null ? aws_iam_role.this[0].arn : var.role_arn
  filename         = var.zip
  source_code_hash = filebase64sha256(var.zip)
  # The newest that every provider from 5.80 on takes.
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  architectures = [var.architecture]
  timeout       = var.timeout_seconds
  memory_size   = var.memory_mib

  environment {
    variables = var.environment
  }

  tracing_config {
    mode = var.trace ? "Active" : "PassThrough"
  }

  dynamic "vpc_config" {
    for_each = var.vpc == null ? [] : [var.vpc]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  tags = var.tags

  # Without its grants it starts and fails; without its group Lambda makes one that keeps everything for ever.
  depends_on = [aws_iam_role_policy.this, aws_cloudwatch_log_group.this]
}

# Log

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

# What invokes it

resource "aws_lambda_event_source_mapping" "this" {
  for_each = var.mappings

  event_source_arn                   = each.value.queue_arn
  function_name                      = aws_lambda_function.this.function_name
  batch_size                         = each.value.batch_size
  maximum_batching_window_in_seconds = each.value.window_seconds
  # Without it a partial answer counts as success, and what failed is lost.
  function_response_types = ["ReportBatchItemFailures"]

  # And no reserved concurrency: what it throttles burns receives.
  scaling_config {
    maximum_concurrency = each.value.concurrency_max
  }
}

resource "aws_lambda_permission" "this" {
  for_each = var.invokers

  statement_id   = each.key
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.this.function_name
  principal      = each.value.service
  source_arn     = each.value.source_arn
  source_account = each.value.account_id
}

resource "aws_lambda_function_event_invoke_config" "this" {
  count = var.failed_events_arn == null ? 0 : 1

  function_name                = aws_lambda_function.this.function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600
  destination_config {
    on_failure {
      destination = var.failed_events_arn
    }
  }
}
