# Every derived number is here; what it is derived from is in sizes.json, which the local stack reads, too.

locals {
  sizes = jsondecode(file("${path.module}/sizes.json"))

  descriptions = {
    ingest    = "Names each new object once"
    transform = "Turns objects into rows: stages, seals, applies"
    bulk      = "Sweep, reconcile and jobs"
  }

  functions = { for name, size in local.sizes.functions : name => {
    description     = local.descriptions[name]
    timeout_seconds = lookup(var.timeout_seconds, name, size.timeout_seconds)
    memory_mib      = lookup(var.memory_mib, name, size.memory_mib)
  } }

  mappings = { for name, size in local.sizes.mappings : name => {
    function        = size.function
    batch_size      = lookup(var.batch_size, name, size.batch_size)
    window_seconds  = lookup(var.window_seconds, name, size.window_seconds)
    concurrency_max = lookup(var.concurrency_max, name, size.concurrency_max)
  } }

  replay_expiration_days = coalesce(var.replay_expiration_days, local.sizes.replay_expiration_days)
}

# The window of tokens: twice what a burst writes within the time in which an INSERT may be repeated without a look first

locals {
  clickhouse_timeout_seconds = coalesce(var.clickhouse_timeout_seconds, local.sizes.clickhouse.timeout_seconds)
  deduplication_window       = coalesce(var.clickhouse_deduplication_window, local.sizes.clickhouse.deduplication_window)

  # An invocation has one INSERT of a table at a time, which takes a second or so.
  inserts_per_second = coalesce(var.clickhouse_inserts_per_second, sum([
    for name in local.queue_names : local.mappings[name].concurrency_max if local.mappings[name].function == "transform"
  ]))
  # Lambda's longest run, whatever the present time-out: an older deploy may still be at it.
  repeat_seconds           = 900 + local.functions.transform.timeout_seconds + local.clickhouse_timeout_seconds
  deduplication_window_min = max(10000, ceil(2 * local.inserts_per_second * local.repeat_seconds))
}
