output "pipeline" {
  description = "Buckets, queues, dead-letter queues, log groups, functions, tables, schedules; settings: what the silversmith command needs."
  value       = module.pipeline
}
