# What only the account knows: see the tfvars example. The rest of this environment is in main.tf.

variable "region" {
  description = "Region of AWS."
  type        = string
}

variable "package_dir" {
  description = "Folder of the zips: npm run package."
  type        = string
  default     = "../../../dist"
}

variable "clickhouse_url" {
  description = "Base URL of ClickHouse's HTTP interface, such as https://host:8443."
  type        = string
}

variable "clickhouse_database" {
  description = "Database of the tables."
  type        = string
  default     = "silversmith"
}

variable "clickhouse_kind" {
  description = "cloud, replicated or single."
  type        = string
  default     = "cloud"
}

variable "clickhouse_user" {
  description = "User of the functions. Null: the one the secret names."
  type        = string
  default     = null
}

variable "clickhouse_secret_arn" {
  description = "Secret of Secrets Manager that has the password: {\"username\", \"password\"}."
  type        = string
}

variable "tags" {
  description = "Tags of all that is made, but of IAM and SQS."
  type        = map(string)
  default     = {}
}

# Restricted accounts

variable "iam_name_prefix" {
  description = "Names of roles begin with it."
  type        = string
  default     = ""
}

variable "existing_queues" {
  description = "Queues that are there: silversmith queue create and ensure-dlq write a file that has them."
  type = map(object({
    arn     = string
    url     = string
    dlq_arn = string
    dlq_url = string
  }))
  default = {}
}

variable "existing_bronze_buckets" {
  description = "Buckets objects arrive in that are there."
  type        = list(string)
  default     = []
}

variable "existing_role_arns" {
  description = "Function → role that is there."
  type        = map(string)
  default     = {}
}
