# Rules, and not schedules of EventBridge Scheduler: they need no role of their own, which restricted accounts do not give.

resource "aws_cloudwatch_event_rule" "this" {
  for_each = var.events

  name                = "${var.name}-${each.key}"
  description         = "Invokes ${var.function_name}: ${each.key}"
  schedule_expression = each.value.expression
  tags                = var.tags
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = var.events

  rule  = aws_cloudwatch_event_rule.this[each.key].name
  arn   = var.function_arn
  input = each.value.event

  # What could not be delivered within its hour is asked for again by the next.
  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 5
  }
}

resource "aws_lambda_permission" "this" {
  for_each = var.events

  statement_id  = "schedule-${each.key}"
  action        = "lambda:InvokeFunction"
  function_name = var.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.this[each.key].arn
}
