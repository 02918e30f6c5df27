# settings.json: function → names that are set here, open to variables, closed. A test compares it with what each function parses.

locals {
  known_settings = jsondecode(file("${path.module}/settings.json"))

  engines = {
    cloud      = "SharedReplacingMergeTree"
    replicated = "ReplicatedReplacingMergeTree"
    single     = "ReplacingMergeTree"
  }
  has_clickhouse = contains(var.targets, "clickhouse")

  # Null: not set, the function's own default holds.
  values = {
    pipeline          = var.pipeline
    environment       = var.environment
    trace             = var.trace ? "true" : null
    bronze            = join(",", local.bronze_buckets)
    silver            = module.silver.name
    routes            = var.routes == null ? null : jsonencode(var.routes)
    replay_prefix     = var.replay_prefix
    silver_prefix     = var.silver_prefix
    quarantine_prefix = var.quarantine_prefix
    targets           = join(",", var.targets)
    arrivals_queue    = local.queues.arrivals.url
    objects_queue     = local.queues.objects.url
    bulk_queue        = local.queues.bulk.url
    messages_queue    = var.messages ? local.queues.messages.url : null
    ledger_table      = module.ledger.name
    ingest_table      = module.ledger.idempotency["ingest"].name
    bulk_table        = module.ledger.idempotency["bulk"].name
    lease_margin_ms   = tostring(local.sizes.lease_margin_ms)

    clickhouse_url                  = local.has_clickhouse ? var.clickhouse_url : null
    clickhouse_database             = local.has_clickhouse ? var.clickhouse_database : null
    clickhouse_user                 = local.has_clickhouse ? var.clickhouse_user : null
    clickhouse_secret               = local.has_clickhouse ? var.clickhouse_secret_arn : null
    clickhouse_engine               = local.has_clickhouse ? local.engines[var.clickhouse_kind] : null
    clickhouse_cluster              = local.has_clickhouse ? var.clickhouse_cluster : null
    clickhouse_timeout_seconds      = local.has_clickhouse ? tostring(local.clickhouse_timeout_seconds) : null
    clickhouse_deduplication_window = local.has_clickhouse ? tostring(local.deduplication_window) : null
  }

  environments = { for function, known in local.known_settings : function => merge(
    { for name, key in known.set : name => local.values[key] if local.values[key] != null },
    lookup(var.settings, function, {}),
  ) }
}
