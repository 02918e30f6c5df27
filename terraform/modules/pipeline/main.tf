data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  prefix     = "${var.name}-${var.environment}"
  partition  = data.aws_partition.current.partition
  region     = data.aws_region.current.name
  account_id = data.aws_caller_identity.current.account_id

  role_tags  = var.tag_iam_and_sqs ? var.tags : {}
  queue_tags = var.tag_iam_and_sqs ? var.tags : {}
}

# Buckets

locals {
  bucket_suffix  = coalesce(var.bucket_suffix, local.account_id)
  bronze_buckets = length(var.existing_bronze_buckets) > 0 ? var.existing_bronze_buckets : ["${local.prefix}-bronze-${local.bucket_suffix}"]
  silver_bucket  = coalesce(var.existing_silver_bucket, "${local.prefix}-silver-${local.bucket_suffix}")
  is_bronze_made = length(var.existing_bronze_buckets) == 0

  is_notified = local.is_bronze_made || var.manage_notifications
  # Copies of replays must be told of wherever objects are: without a prefix they are.
  filters = length(var.notification_filters) == 0 ? [] : distinct(concat(
    var.notification_filters,
    anytrue([for filter in var.notification_filters : startswith(var.replay_prefix, filter.prefix)]) ? [] : [{ prefix = var.replay_prefix, suffix = "" }],
  ))
  # Known before they are made, so that each side's policy can name the other.
  bronze_arns = { for name in local.bronze_buckets : name => "arn:${local.partition}:s3:::${name}" }
  rule_names  = { for at, name in local.bronze_buckets : name => length(local.bronze_buckets) == 1 ? "${local.prefix}-created" : "${local.prefix}-created-${at}" }
  rule_arns   = { for name, rule in local.rule_names : name => "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${rule}" }

  notify = { s3-sqs = "queue", s3-direct = "function", eventbridge = "eventbridge" }[var.trigger]
}

module "bronze" {
  source   = "../bucket"
  for_each = toset(local.bronze_buckets)

  name                 = each.key
  is_existing          = !local.is_bronze_made
  versioning           = var.versioning
  kms_key_arn          = var.bucket_key_arn
  require_tls          = !var.is_emulated
  force_destroy        = var.force_destroy
  expiration_days      = { (var.replay_prefix) = local.replay_expiration_days }
  notify               = local.is_notified ? local.notify : "none"
  notified_arn         = var.trigger == "s3-direct" ? module.function["ingest"].open_arn : local.queues.arrivals.open_arn
  notification_filters = local.filters
  rule_name            = local.rule_names[each.key]
  tags                 = var.tags
}

module "silver" {
  source = "../bucket"

  name                 = local.silver_bucket
  is_existing          = var.existing_silver_bucket != null
  versioning           = var.versioning
  kms_key_arn          = var.bucket_key_arn
  require_tls          = !var.is_emulated
  force_destroy        = var.force_destroy
  expiration_days      = var.silver_expiration_days
  deleted_staging_days = var.versioning ? 7 : null
  tags                 = var.tags
}

# Queues

locals {
  queue_names = var.messages ? keys(local.mappings) : [for name in keys(local.mappings) : name if name != "messages"]
  queues = { for name in local.queue_names : name => contains(keys(var.existing_queues), name) ? {
    arn      = var.existing_queues[name].arn
    open_arn = var.existing_queues[name].arn
    url      = var.existing_queues[name].url
    dlq_arn  = var.existing_queues[name].dlq_arn
    dlq_url  = var.existing_queues[name].dlq_url
    } : {
    arn      = module.queue[name].arn
    open_arn = module.queue[name].open_arn
    url      = module.queue[name].url
    dlq_arn  = module.queue[name].dlq_arn
    dlq_url  = module.queue[name].dlq_url
  } }

  arrival_sources = [for name, arn in local.bronze_arns : {
    service    = var.trigger == "eventbridge" ? "events.amazonaws.com" : "s3.amazonaws.com"
    source_arn = var.trigger == "eventbridge" ? local.rule_arns[name] : arn
    account_id = local.account_id
  }]
}

module "queue" {
  source   = "../queue"
  for_each = toset([for name in local.queue_names : name if !contains(keys(var.existing_queues), name)])

  name                       = "${local.prefix}-${each.key}"
  consumer_timeout_seconds   = local.functions[local.mappings[each.key].function].timeout_seconds
  window_seconds             = local.mappings[each.key].window_seconds
  lease_margin_seconds       = local.mappings[each.key].function == "transform" ? local.sizes.lease_margin_ms / 1000 : 0
  visibility_timeout_seconds = lookup(var.visibility_timeout_seconds, each.key, null)
  max_receive_count          = coalesce(var.max_receive_count, local.sizes.queues.max_receive_count)
  retention_seconds          = coalesce(var.queue_retention_seconds, local.sizes.queues.retention_seconds)
  sources                    = each.key == "arrivals" && var.trigger != "s3-direct" ? local.arrival_sources : []
  restrict_redrive           = !var.is_emulated
  tags                       = local.queue_tags
}

# Tables

module "ledger" {
  source = "../ledger"

  name                   = "${local.prefix}-ledger"
  idempotency_names      = ["ingest", "bulk"]
  point_in_time_recovery = var.point_in_time_recovery
  deletion_protection    = var.deletion_protection
  tags                   = var.tags
}

# Functions

module "function" {
  source   = "../function"
  for_each = local.functions

  name            = "${local.prefix}-${each.key}"
  description     = each.value.description
  zip             = "${var.package_dir}/${var.architecture}/${each.key}.zip"
  architecture    = var.architecture
  environment     = local.environments[each.key]
  timeout_seconds = each.value.timeout_seconds
  memory_mib      = each.value.memory_mib
  statements      = local.statements[each.key]
  mappings = { for name in local.queue_names : name => merge(local.mappings[name], { queue_arn = local.queues[name].arn })
  if local.mappings[name].function == each.key }
  invokers = each.key == "ingest" && var.trigger == "s3-direct" ? { for at, name in local.bronze_buckets : "bronze-${at}" => {
    service    = "s3.amazonaws.com"
    source_arn = local.bronze_arns[name]
    account_id = local.account_id
  } } : {}
  failed_events_arn        = each.key == "ingest" && var.trigger == "s3-direct" ? local.queues.arrivals.arn : null
  role_arn                 = lookup(var.existing_role_arns, each.key, null)
  role_name                = "${var.iam_name_prefix}${local.prefix}-${each.key}"
  permissions_boundary_arn = var.permissions_boundary_arn
  vpc                      = var.vpc
  trace                    = var.trace
  log_retention_days       = var.log_retention_days
  tags                     = var.tags
  role_tags                = local.role_tags
}

# Schedules

module "schedule" {
  source = "../schedule"

  name          = local.prefix
  function_name = module.function["bulk"].name
  function_arn  = module.function["bulk"].arn
  events = merge(
    { sweep = { expression = var.sweep_expression, event = jsonencode({ mode = "sweep" }) } },
    var.reconcile_expression == null ? {} : {
      for at, name in local.bronze_buckets : length(local.bronze_buckets) == 1 ? "reconcile" : "reconcile-${at}" => {
        expression = var.reconcile_expression
        event      = jsonencode(merge(jsondecode(var.reconcile_event), { mode = "reconcile", bucket = name }))
      }
    },
  )
  tags = var.tags
}
