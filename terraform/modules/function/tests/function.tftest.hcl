mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name        = "silversmith-dev-transform"
  description = "Turns objects into rows"
  # Any file: with a mocked provider nobody looks inside.
  zip             = "./main.tf"
  environment     = { LEDGER_TABLE_NAME = "ledger" }
  timeout_seconds = 300
  memory_mib      = 3008
  statements = [
    { id = "Read", actions = ["s3:GetObject"], resources = ["arn:aws:s3:::bronze/*"] },
  ]
  mappings = {
    objects = {
      queue_arn       = "arn:aws:sqs:eu-west-1:123456789012:objects"
      batch_size      = 5000
      window_seconds  = 20
      concurrency_max = 10
    }
  }
}

run "is_what_the_zips_are_for" {
  assert {
    condition     = aws_lambda_function.this.runtime == "nodejs22.x" && aws_lambda_function.this.handler == "index.handler" && aws_lambda_function.this.architectures == tolist(["arm64"])
    error_message = "Node 22 on arm64, handler of index.mjs"
  }
  assert {
    condition     = aws_lambda_function.this.source_code_hash == filebase64sha256("./main.tf")
    error_message = "other code must be another plan"
  }
  assert {
    condition     = aws_lambda_function.this.environment[0].variables == tomap({ LEDGER_TABLE_NAME = "ledger" })
    error_message = "exactly the settings that are given"
  }
  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == null || aws_lambda_function.this.reserved_concurrent_executions == -1
    error_message = "reserved concurrency throttles, and throttles burn receives"
  }
}

run "answers_for_each_message" {
  assert {
    condition     = aws_lambda_event_source_mapping.this["objects"].function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "without it what failed is lost"
  }
  assert {
    condition = (
      aws_lambda_event_source_mapping.this["objects"].scaling_config[0].maximum_concurrency == 10 &&
      aws_lambda_event_source_mapping.this["objects"].batch_size == 5000 &&
      aws_lambda_event_source_mapping.this["objects"].maximum_batching_window_in_seconds == 20
    )
    error_message = "the mapping bounds how many run at a time"
  }
}

run "may_do_what_it_is_given" {
  assert {
    condition = jsondecode(aws_iam_role_policy.this[0].policy).Statement == [
      { Sid = "Read", Effect = "Allow", Action = ["s3:GetObject"], Resource = ["arn:aws:s3:::bronze/*"] },
    ]
    error_message = "the role's policy is the statements and nothing else"
  }
  assert {
    condition     = jsondecode(aws_iam_role.this[0].assume_role_policy).Statement[0].Principal.Service == "lambda.amazonaws.com"
    error_message = "the role is for Lambda alone"
  }
  assert {
    condition     = length(aws_iam_role.this[0].tags) == 0 && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "a role has no tags unless some are given, and logs end"
  }
}

run "works_with_a_role_that_is_there" {
  variables {
    role_arn = "arn:aws:iam::123456789012:role/given"
  }
  assert {
    condition     = length(aws_iam_role.this) == 0 && length(aws_iam_role_policy.this) == 0 && aws_lambda_function.this.role == "arn:aws:iam::123456789012:role/given"
    error_message = "nothing of IAM is touched"
  }
  assert {
    condition     = jsondecode(output.policy).Statement[0].Sid == "Read"
    error_message = "and what the role must be allowed is told"
  }
}

run "runs_in_a_network_traced" {
  variables {
    vpc   = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
    trace = true
  }
  assert {
    condition     = aws_lambda_function.this.vpc_config[0].subnet_ids == toset(["subnet-1"]) && aws_lambda_function.this.tracing_config[0].mode == "Active"
    error_message = "in the subnets that are given, seen by X-Ray"
  }
}

run "keeps_events_that_were_given_up" {
  variables {
    failed_events_arn = "arn:aws:sqs:eu-west-1:123456789012:arrivals"
    invokers = {
      bronze = { service = "s3.amazonaws.com", source_arn = "arn:aws:s3:::bronze", account_id = "123456789012" }
    }
  }
  assert {
    condition     = aws_lambda_function_event_invoke_config.this[0].destination_config[0].on_failure[0].destination == "arn:aws:sqs:eu-west-1:123456789012:arrivals"
    error_message = "Lambda forgets an event after its retries, unless it has a place for it"
  }
  assert {
    condition     = aws_lambda_permission.this["bronze"].source_account == "123456789012" && aws_lambda_permission.this["bronze"].source_arn == "arn:aws:s3:::bronze"
    error_message = "of this bucket of this account only: a name that was given up may be another's tomorrow"
  }
}

run "refuses_a_password" {
  command = plan
  variables {
    environment = { CLICKHOUSE_PASSWORD = "x" }
  }
  expect_failures = [var.environment]
}

run "refuses_code_that_is_not_there" {
  command = plan
  variables {
    zip = "./nowhere.zip"
  }
  expect_failures = [var.zip]
}

run "refuses_what_aws_would" {
  command = plan
  variables {
    mappings = { objects = { queue_arn = "arn:aws:sqs:eu-west-1:123456789012:objects", batch_size = 100, window_seconds = 0, concurrency_max = 1 } }
  }
  expect_failures = [var.mappings]
}
