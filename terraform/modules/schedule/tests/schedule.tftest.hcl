mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name          = "silversmith-dev"
  function_name = "silversmith-dev-bulk"
  function_arn  = "arn:aws:lambda:eu-west-1:123456789012:function:silversmith-dev-bulk"
  events = {
    sweep = { expression = "rate(1 minute)", event = "{\"mode\":\"sweep\"}" }
  }
}

run "invokes_the_function" {
  assert {
    condition     = aws_cloudwatch_event_rule.this["sweep"].schedule_expression == "rate(1 minute)" && aws_cloudwatch_event_rule.this["sweep"].name == "silversmith-dev-sweep"
    error_message = "a rule by the name of what it does"
  }
  assert {
    condition     = jsondecode(aws_cloudwatch_event_target.this["sweep"].input).mode == "sweep" && aws_cloudwatch_event_target.this["sweep"].arn == var.function_arn
    error_message = "the event goes to the function as it is"
  }
  assert {
    condition     = aws_lambda_permission.this["sweep"].principal == "events.amazonaws.com" && aws_lambda_permission.this["sweep"].source_arn == aws_cloudwatch_event_rule.this["sweep"].arn
    error_message = "only this rule may invoke it"
  }
}

run "refuses_what_is_no_expression" {
  command = plan
  variables {
    events = { sweep = { expression = "1 minute", event = "{}" } }
  }
  expect_failures = [var.events]
}

run "refuses_what_is_no_event" {
  command = plan
  variables {
    events = { sweep = { expression = "rate(1 minute)", event = "sweep" } }
  }
  expect_failures = [var.events]
}
