mock_provider "aws" {
  source = "../../mocks"
}

variables {
  environment           = "dev"
  package_dir           = "./tests/packages"
  clickhouse_url        = "https://clickhouse.example:8443"
  clickhouse_secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:clickhouse-AbCdEf"
}

run "composes_all" {
  assert {
    condition     = join(",", keys(output.queue_urls)) == "arrivals,bulk,objects" && join(",", keys(output.dlq_urls)) == "arrivals,bulk,objects"
    error_message = "three queues, each with dead letters; messages only when asked for"
  }
  assert {
    condition = (
      join(",", output.bronze_buckets) == "silversmith-dev-bronze-123456789012" &&
      output.functions["transform"] == "silversmith-dev-transform" &&
      output.log_groups["bulk"] == "/aws/lambda/silversmith-dev-bulk"
    )
    error_message = "all is named by name and environment"
  }
  assert {
    condition     = join(",", keys(output.schedules)) == "reconcile,sweep"
    error_message = "bulk sweeps and reconciles by itself"
  }
  assert {
    condition     = output.notification == null
    error_message = "notifications of a bucket that is made are set: nothing is left to do"
  }
}

run "derives_from_the_time_out" {
  variables {
    timeout_seconds = { transform = 600 }
    window_seconds  = { objects = 30 }
  }
  assert {
    condition     = module.queue["objects"].visibility_timeout_seconds == 6 * 600 + 30 && module.queue["arrivals"].visibility_timeout_seconds == 6 * 30 + 1
    error_message = "who changes a time-out or a window changes the queue with it"
  }
}

run "transform_reads_bulk_by_a_mapping_of_its_own" {
  assert {
    condition     = join(",", keys(module.function["transform"].mapping_ids)) == "bulk,objects" && join(",", keys(module.function["ingest"].mapping_ids)) == "arrivals"
    error_message = "live objects need not wait behind those of jobs"
  }
  assert {
    condition     = local.mappings.bulk.concurrency_max < local.mappings.objects.concurrency_max
    error_message = "jobs must have less of transform than live objects"
  }
}

run "sets_what_each_function_knows" {
  assert {
    condition = (
      local.environments.ingest.IDEMPOTENCY_TABLE_NAME != local.environments.bulk.IDEMPOTENCY_TABLE_NAME &&
      local.environments.transform.CLICKHOUSE_DEDUPLICATION_WINDOW == "100000" &&
      local.environments.transform.TARGETS == "silver,clickhouse" &&
      local.environments.ingest.BRONZE_BUCKET == "silversmith-dev-bronze-123456789012"
    )
    error_message = "each function has its own"
  }
  assert {
    condition     = !contains(keys(local.environments.ingest), "ROUTES") && !contains(keys(local.environments.transform), "MESSAGES_QUEUE_URL")
    error_message = "what is not given is not set: the function's own default holds"
  }
  assert {
    condition     = output.settings.TRANSFORM_FUNCTION_NAME == "silversmith-dev-transform" && output.settings.LEDGER_TABLE_NAME == "silversmith-dev-ledger"
    error_message = "the command finds the deployment by this output"
  }
}

run "adds_settings" {
  variables {
    settings = { transform = { LOG_LEVEL = "DEBUG", MAX_ROWS_PER_INSERT = "100000" } }
    routes   = [{ prefix = "orders/", suffixes = [".json"], dataset = "orders" }]
    targets  = ["silver"]
    messages = true
  }
  assert {
    condition     = local.environments.transform.LOG_LEVEL == "DEBUG" && !contains(keys(local.environments.ingest), "LOG_LEVEL")
    error_message = "a setting is of the function it is given for"
  }
  assert {
    condition     = jsondecode(local.environments.bulk.ROUTES)[0].dataset == "orders" && local.environments.bulk.ROUTES == local.environments.ingest.ROUTES
    error_message = "all functions have the same routes"
  }
  assert {
    condition     = length([for name in keys(local.environments.transform) : name if startswith(name, "CLICKHOUSE_")]) == 0
    error_message = "no ClickHouse where it is no target"
  }
  assert {
    condition     = contains(keys(output.queue_urls), "messages") && contains(keys(local.environments.transform), "MESSAGES_QUEUE_URL")
    error_message = "transform must know which of its queues bring data themselves"
  }
}

run "grants_no_more_than_is_used" {
  assert {
    condition     = length(flatten([for statements in local.statements : [for one in statements : one.id if contains(one.resources, "*")]])) == 0
    error_message = "without a network and traces no function may do anything to everything"
  }
  assert {
    condition     = length(flatten([for statements in local.statements : [for one in statements : one.id if length(one.resources) == 0]])) == 0
    error_message = "a statement without resources is refused by IAM"
  }
  assert {
    condition     = join(",", flatten([for one in local.statements.transform : one.resources if contains(one.actions, "s3:DeleteObject")])) == "arn:aws:s3:::silversmith-dev-silver-123456789012/_staging/*"
    error_message = "only staging is ever deleted"
  }
  assert {
    condition = length(flatten([for function, statements in local.statements : [
      for one in statements : one.id if length([for action in one.actions : action if startswith(action, "s3:Put") || startswith(action, "s3:Delete")]) > 0 && length([for arn in one.resources : arn if strcontains(arn, "-bronze-")]) > 0
    ]])) == 0
    error_message = "nothing writes to bronze"
  }
  assert {
    condition = join(",", flatten([for function in ["ingest", "transform", "bulk"] : [
      for one in local.statements[function] : "${function} ${one.resources[0]}" if one.id == "ReadSecret"
    ]])) == join(",", [for function in ["transform", "bulk"] : "${function} ${var.clickhouse_secret_arn}"])
    error_message = "who calls ClickHouse may read its secret, and no other"
  }
  assert {
    condition     = !contains(keys(output.settings), "CLICKHOUSE_SECRET_ARN")
    error_message = "the command takes the person's own password"
  }
}

run "grants_what_is_switched_on" {
  variables {
    trace          = true
    vpc            = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
    bucket_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1"
    used_key_arns  = ["arn:aws:kms:eu-west-1:123456789012:key/2"]
  }
  assert {
    condition = join(",", sort([for one in local.statements.ingest : one.id])) == join(",", sort([
      "WriteLog", "Trace", "JoinNetwork", "UseKeys", "ReadArrivals", "SendObjects", "ReadBronze", "FindBronze", "RememberSends",
    ]))
    error_message = "a network, traces and keys each need their grants"
  }
  assert {
    condition     = local.environments.bulk.POWERTOOLS_TRACE_ENABLED == "true"
    error_message = "the function must know that it is traced"
  }
}

run "eventbridge" {
  variables {
    trigger = "eventbridge"
  }
  assert {
    condition     = local.arrival_sources[0].service == "events.amazonaws.com" && local.arrival_sources[0].source_arn == "arn:aws:events:eu-west-1:123456789012:rule/silversmith-dev-created"
    error_message = "the arrivals queue lets the bucket's rule in"
  }
}

run "s3_direct" {
  variables {
    trigger = "s3-direct"
  }
  assert {
    condition     = length([for one in local.statements.ingest : one.id if one.id == "KeepFailedEvents"]) == 1
    error_message = "events that were given up go to the arrivals queue, and ingest's role sends them"
  }
}

run "replays_are_told_of_too" {
  variables {
    notification_filters = [{ prefix = "section/", suffix = ".jsonl" }]
  }
  assert {
    condition     = join(",", local.filters[*].prefix) == "section/,_replay/"
    error_message = "copies below the replay prefix must arrive"
  }
}

run "works_with_what_is_there" {
  variables {
    existing_bronze_buckets = ["theirs", "also-theirs"]
    existing_silver_bucket  = "silver-of-theirs"
    existing_queues = {
      objects = {
        arn     = "arn:aws:sqs:eu-west-1:123456789012:given"
        url     = "https://sqs.eu-west-1.amazonaws.com/123456789012/given"
        dlq_arn = "arn:aws:sqs:eu-west-1:123456789012:given-dlq"
        dlq_url = "https://sqs.eu-west-1.amazonaws.com/123456789012/given-dlq"
      }
    }
    existing_role_arns = { transform = "arn:aws:iam::123456789012:role/given" }
    iam_name_prefix    = "team-"
    tags               = { owner = "team" }
  }
  assert {
    condition     = !contains(keys(module.queue), "objects") && output.dlq_urls.objects == "https://sqs.eu-west-1.amazonaws.com/123456789012/given-dlq"
    error_message = "a queue that is there is not made"
  }
  assert {
    condition     = jsondecode(output.notification).QueueConfigurations[0].Events[0] == "s3:ObjectCreated:*"
    error_message = "what to add to the notifications of existing buckets is told"
  }
  assert {
    condition     = length(local.role_tags) == 0 && length(local.queue_tags) == 0 && length(local.bronze_arns) == 2
    error_message = "IAM and SQS have no tags unless asked for"
  }
  assert {
    condition     = module.function["transform"].role_arn == "arn:aws:iam::123456789012:role/given" && strcontains(output.policies.transform, "arn:aws:s3:::silver-of-theirs/_staging/*")
    error_message = "for a given role it is told what it must be allowed"
  }
  assert {
    condition     = join(",", keys(output.schedules)) == "reconcile-0,reconcile-1,sweep"
    error_message = "each bucket is reconciled"
  }
}

run "an_emulator_needs_less" {
  variables {
    is_emulated = true
  }
  assert {
    condition     = length(output.queue_urls) == 3
    error_message = "all is made there, too"
  }
}

# What a plan refuses

run "refuses_a_queue_nobody_knows" {
  command = plan
  variables {
    visibility_timeout_seconds = { object = 60 }
  }
  expect_failures = [var.visibility_timeout_seconds]
}

run "refuses_a_window_that_is_too_small" {
  command = plan
  variables {
    clickhouse_deduplication_window = 20000
  }
  expect_failures = [var.clickhouse_deduplication_window]
}

run "refuses_more_concurrency_than_the_window_is_for" {
  command = plan
  variables {
    concurrency_max = { objects = 200 }
  }
  expect_failures = [var.clickhouse_deduplication_window]
}

run "refuses_an_insert_that_does_not_fit" {
  command = plan
  variables {
    timeout_seconds = { transform = 50 }
  }
  expect_failures = [var.clickhouse_timeout_seconds]
}

run "refuses_the_native_port" {
  command = plan
  variables {
    clickhouse_url = "https://clickhouse.example:9440"
  }
  expect_failures = [var.clickhouse_url]
}

run "refuses_clickhouse_without_a_place" {
  command = plan
  variables {
    clickhouse_url = null
  }
  expect_failures = [var.clickhouse_url]
}

run "refuses_a_missing_secret" {
  command = plan
  variables {
    clickhouse_secret_arn = null
  }
  expect_failures = [var.clickhouse_secret_arn]
}

run "refuses_settings_that_are_not_open" {
  command = plan
  variables {
    settings = { transform = { CLICKHOUSE_PASSWORD = "x" } }
  }
  expect_failures = [var.settings]
}

run "refuses_settings_nobody_knows" {
  command = plan
  variables {
    settings = { ingest = { MAX_ROWS_PER_INSERT = "1" } }
  }
  expect_failures = [var.settings]
}

run "refuses_copies_that_expire_too_soon" {
  command = plan
  variables {
    replay_expiration_days = 14
  }
  expect_failures = [var.replay_expiration_days]
}

run "refuses_a_protected_ledger_beside_buckets_that_are_not" {
  command = plan
  variables {
    force_destroy = true
  }
  expect_failures = [var.force_destroy]
}
