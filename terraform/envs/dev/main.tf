module "pipeline" {
  source = "../../modules/pipeline"

  environment = "dev"
  package_dir = var.package_dir

  concurrency_max        = { objects = 4, bulk = 2 }
  log_retention_days     = 14
  point_in_time_recovery = false
  deletion_protection    = false
  force_destroy          = true
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
