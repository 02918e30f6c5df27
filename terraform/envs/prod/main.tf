module "pipeline" {
  source = "../../modules/pipeline"

  environment = "prod"
  package_dir = var.package_dir

  concurrency_max        = { objects = 10, bulk = 2 }
  log_retention_days     = 90
  point_in_time_recovery = true
  deletion_protection    = true
  force_destroy          = false
  trace                  = false

  clickhouse_url        = var.clickhouse_url
  clickhouse_database   = var.clickhouse_database
  clickhouse_kind       = var.clickhouse_kind
  clickhouse_user       = var.clickhouse_user
  clickhouse_secret_arn = var.clickhouse_secret_arn

  tags                    = var.tags
  iam_name_prefix         = var.iam_name_prefix
  existing_queues         = var.existing_queues
  existing_bronze_buckets = var.existing_bronze_buckets
  existing_role_arns      = var.existing_role_arns
}
