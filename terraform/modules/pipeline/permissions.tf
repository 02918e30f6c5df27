# permissions.json: function → what its role may do. A test compares it with the calls that are in the function's bundle.

locals {
  permissions = jsondecode(file("${path.module}/permissions.json"))

  silver_arn = module.silver.arn

  # What permissions.json calls it → ARNs. None: it is not there, and nothing is allowed.
  things = {
    "bronze"                 = values(local.bronze_arns)
    "bronze/*"               = [for arn in values(local.bronze_arns) : "${arn}/*"]
    "silver"                 = [local.silver_arn]
    "silver/*"               = ["${local.silver_arn}/*"]
    "silver/_staging/*"      = ["${local.silver_arn}/_staging/*"]
    "silver/_batches/*"      = ["${local.silver_arn}/_batches/*"]
    "silver/_jobs/*"         = ["${local.silver_arn}/_jobs/*"]
    "silver/_probe/*"        = ["${local.silver_arn}/_probe/*"]
    "silver/rows/*"          = ["${local.silver_arn}/${var.silver_prefix}/*"]
    "silver/quarantine/*"    = ["${local.silver_arn}/${var.quarantine_prefix}/*"]
    "queue arrivals"         = [local.queues.arrivals.arn]
    "queue objects"          = [local.queues.objects.arn]
    "queue bulk"             = [local.queues.bulk.arn]
    "queue messages"         = var.messages ? [local.queues.messages.arn] : []
    "queue of failed events" = var.trigger == "s3-direct" ? [local.queues.arrivals.arn] : []
    "table ledger"           = [module.ledger.arn]
    "index open"             = [module.ledger.open_index_arn]
    "table ingest"           = [module.ledger.idempotency["ingest"].arn]
    "table bulk"             = [module.ledger.idempotency["bulk"].arn]
    "inventories"            = var.inventory_arns
    "secret"                 = local.has_clickhouse ? [var.clickhouse_secret_arn] : []
    "keys"                   = concat(var.used_key_arns, var.bucket_key_arn == null ? [] : [var.bucket_key_arn])
    "* where traced"         = var.trace ? ["*"] : []
    "* in a network"         = var.vpc == null ? [] : ["*"]
  }

  # A switch for each of them: whether there is anything is known before the ARNs are.
  absent = concat(
    var.messages ? [] : ["queue messages"],
    var.trigger == "s3-direct" ? [] : ["queue of failed events"],
    length(var.inventory_arns) > 0 ? [] : ["inventories"],
    local.has_clickhouse ? [] : ["secret"],
    length(var.used_key_arns) > 0 || var.bucket_key_arn != null ? [] : ["keys"],
    var.trace ? [] : ["* where traced"],
    var.vpc != null ? [] : ["* in a network"],
  )

  statements = { for function in keys(local.functions) : function => [
    for statement in concat(local.permissions.every, local.permissions[function]) : {
      id      = statement.id
      actions = statement.actions
      resources = flatten([for thing in statement.resources : thing == "log"
        ? ["arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:/aws/lambda/${local.prefix}-${function}:*"]
        : local.things[thing]
      ])
    } if length(setsubtract(statement.resources, local.absent)) > 0
  ] }
}
