output "bronze_buckets" {
  description = "Buckets objects arrive in."
  value       = local.bronze_buckets
}

output "silver_bucket" {
  description = "Bucket of silver, quarantine, manifests and staging."
  value       = module.silver.name
}

output "queue_urls" {
  description = "Queue → URL."
  value       = { for name, queue in local.queues : name => queue.url }
}

output "dlq_urls" {
  description = "Queue → URL of its dead-letter queue."
  value       = { for name, queue in local.queues : name => queue.dlq_url }
}

output "functions" {
  description = "Function → name."
  value       = { for name, function in module.function : name => function.name }
}

output "log_groups" {
  description = "Function → log group."
  value       = { for name, function in module.function : name => function.log_group }
}

output "tables" {
  description = "Name of the ledger's table, and of those that remember what was sent."
  value       = merge({ ledger = module.ledger.name }, { for name, table in module.ledger.idempotency : name => table.name })
}

output "schedules" {
  description = "What is invoked by itself → name of its rule."
  value       = module.schedule.rule_names
}

output "settings" {
  description = "What the silversmith command needs in its environment to work on this deployment, but for the password of ClickHouse."
  value = merge(
    { for name, value in local.environments.bulk : name => value if name != "CLICKHOUSE_SECRET_ARN" },
    {
      ARRIVALS_QUEUE_URL      = local.queues.arrivals.url
      ARRIVALS_DLQ_URL        = local.queues.arrivals.dlq_url
      OBJECTS_DLQ_URL         = local.queues.objects.dlq_url
      BULK_DLQ_URL            = local.queues.bulk.dlq_url
      IDEMPOTENCY_TABLE_NAME  = module.ledger.idempotency["ingest"].name
      INGEST_FUNCTION_NAME    = module.function["ingest"].name
      TRANSFORM_FUNCTION_NAME = module.function["transform"].name
      BULK_FUNCTION_NAME      = module.function["bulk"].name
      AWS_REGION              = local.region
    },
    var.messages ? { MESSAGES_QUEUE_URL = local.queues.messages.url } : {},
  )
}

output "policies" {
  description = "Function → what its role must be allowed, as a policy in JSON: for roles that are not made here."
  value       = { for name, function in module.function : name => function.policy }
}

output "notification" {
  description = "For existing buckets whose notifications are left alone: what to add, in the form of aws s3api put-bucket-notification-configuration, to what is set there already. Null: nothing is to be done."
  value       = local.is_notified ? null : local.notification
}

locals {
  notification_filters = [for filter in length(local.filters) > 0 ? local.filters : [{ prefix = "", suffix = "" }] : {
    Key = { FilterRules = [for rule in [
      { Name = "prefix", Value = filter.prefix },
      { Name = "suffix", Value = filter.suffix },
    ] : rule if rule.Value != ""] }
  }]
  notification = {
    eventbridge = jsonencode({ EventBridgeConfiguration = {} })
    s3-direct = jsonencode({ LambdaFunctionConfigurations = [for filter in local.notification_filters : {
      LambdaFunctionArn = module.function["ingest"].arn
      Events            = ["s3:ObjectCreated:*"]
      Filter            = filter
    }] })
    s3-sqs = jsonencode({ QueueConfigurations = [for filter in local.notification_filters : {
      QueueArn = local.queues.arrivals.arn
      Events   = ["s3:ObjectCreated:*"]
      Filter   = filter
    }] })
  }[var.trigger]
}
