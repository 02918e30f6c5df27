variable "name" {
  description = "Names of all that is made begin with it and the environment."
  type        = string
  default     = "silversmith"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,23}$", var.name))
    error_message = "name must be 2 to 24 small letters, digits and -, as a bucket's may be."
  }
}

variable "environment" {
  description = "dev, staging, prod: a field of every log line and a dimension of every metric."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,15}$", var.environment))
    error_message = "environment must be at most 16 small letters, digits and -."
  }
}

variable "pipeline" {
  description = "The name the pipeline and its claims go by. Another one has another ledger, or loads everything again."
  type        = string
  default     = "default"
}

# Code

variable "package_dir" {
  description = "Folder of the zips, as npm run package makes them: <architecture>/<function>.zip."
  type        = string
}

variable "architecture" {
  description = "arm64 or x86_64."
  type        = string
  default     = "arm64"
}

# What comes in

variable "routes" {
  description = "Which keys belong to which dataset, the first match wins. Null: those the datasets come with. A different list of datasets is a different pipeline only where targets change."
  type = list(object({
    prefix   = string
    suffixes = list(string)
    dataset  = string
  }))
  default = null

  validation {
    condition     = var.routes == null ? true : length(var.routes) > 0
    error_message = "routes must be null or have one at least."
  }
}

variable "trigger" {
  description = "How new objects are told of: s3-sqs; eventbridge, where others use the bucket's notifications; s3-direct, which saves a queue's cost and has its retries only."
  type        = string
  default     = "s3-sqs"

  validation {
    condition     = contains(["s3-sqs", "eventbridge", "s3-direct"], var.trigger)
    error_message = "trigger must be s3-sqs, eventbridge or s3-direct."
  }
}

variable "notification_filters" {
  description = "Keys that are told of: a prefix and a suffix each, \"\" for any. Empty: all. The prefix of replays is added where all have one."
  type = list(object({
    prefix = string
    suffix = string
  }))
  default = []
}

variable "replay_prefix" {
  description = "Where silversmith replay puts its copies. They expire."
  type        = string
  default     = "_replay/"

  validation {
    condition     = can(regex("^[^/].*/$", var.replay_prefix))
    error_message = "replay_prefix must end with /, and not begin with one."
  }
}

variable "inventory_arns" {
  description = "Objects of S3 Inventories that jobs may be walked by, such as arn:aws:s3:::inventories/bronze/*."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.inventory_arns : can(regex("^arn:[a-z-]+:s3:::[^/*]+/.+$", arn))])
    error_message = "inventory_arns must be ARNs of objects of one bucket each: arn:aws:s3:::bucket/prefix/*."
  }
}

variable "messages" {
  description = "Whether there is a queue whose messages are data themselves: rows of sqs_messages."
  type        = bool
  default     = false
}

# Where rows go

variable "targets" {
  description = "silver, clickhouse or both; fixed once the pipeline has run."
  type        = list(string)
  default     = ["silver", "clickhouse"]

  validation {
    condition     = length(var.targets) > 0 && alltrue([for target in var.targets : contains(["silver", "clickhouse"], target)]) && length(distinct(var.targets)) == length(var.targets)
    error_message = "targets must be silver, clickhouse or both."
  }
}

variable "silver_prefix" {
  description = "Folder of the Parquet files, without / at its end."
  type        = string
  default     = "silver"
}

variable "quarantine_prefix" {
  description = "Folder of rejected records, without / at its end."
  type        = string
  default     = "quarantine"
}

variable "silver_expiration_days" {
  description = "Prefix of the silver bucket → days after which it is deleted, such as silver/raw_events/ → 400. None by default."
  type        = map(number)
  default     = {}
}

variable "clickhouse_url" {
  description = "Base URL of its HTTP interface, such as https://host:8443."
  type        = string
  default     = null

  validation {
    condition     = contains(var.targets, "clickhouse") ? var.clickhouse_url != null : true
    error_message = "clickhouse is a target: give clickhouse_url."
  }

  validation {
    condition     = var.clickhouse_url == null ? true : can(regex("^https?://[^@?#]+$", var.clickhouse_url)) && !can(regex(":(9000|9440)(/|$)", var.clickhouse_url))
    error_message = "clickhouse_url must be http(s)://host:port without credentials or parameters, and not of a native port (9000, 9440): use 8443, or 8123 without TLS."
  }
}

variable "clickhouse_database" {
  description = "Database of the tables."
  type        = string
  default     = "silversmith"
}

variable "clickhouse_user" {
  description = "User of the functions. Null: the one the secret names."
  type        = string
  default     = null
}

variable "clickhouse_secret_arn" {
  description = "Secret of Secrets Manager that has the password of ClickHouse, and where clickhouse_user is null the user: {\"username\", \"password\"}. Functions read it; neither the state nor their settings have it."
  type        = string
  default     = null

  validation {
    condition     = contains(var.targets, "clickhouse") ? can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:", coalesce(var.clickhouse_secret_arn, "none"))) : true
    error_message = "clickhouse is a target: give clickhouse_secret_arn, the ARN of a secret of Secrets Manager with {\"username\", \"password\"}. Make it with aws secretsmanager create-secret, not with Terraform: the state would have the password."
  }
}

variable "clickhouse_kind" {
  description = "cloud, replicated or single: which engine migrations give the tables."
  type        = string
  default     = "single"

  validation {
    condition     = contains(keys(local.engines), var.clickhouse_kind)
    error_message = "clickhouse_kind must be cloud, replicated or single."
  }
}

variable "clickhouse_cluster" {
  description = "Cluster that migrations run ON, of a replicated one."
  type        = string
  default     = null

  validation {
    condition     = var.clickhouse_cluster == null || var.clickhouse_kind == "replicated"
    error_message = "clickhouse_cluster goes with clickhouse_kind = \"replicated\": the others need no ON CLUSTER."
  }
}

variable "clickhouse_timeout_seconds" {
  description = "Longest time of one INSERT. Null: 30."
  type        = number
  default     = null

  validation {
    condition = (
      coalesce(var.clickhouse_timeout_seconds, local.sizes.clickhouse.timeout_seconds) >= 1 &&
      coalesce(var.clickhouse_timeout_seconds, local.sizes.clickhouse.timeout_seconds) * 2 <= local.functions.transform.timeout_seconds
    )
    error_message = "clickhouse_timeout_seconds must be 1 to half of the ${local.functions.transform.timeout_seconds} s transform may take: an INSERT, and the look whether it landed, must fit into an invocation."
  }
}

variable "clickhouse_inserts_per_second" {
  description = "INSERTs of a second in a burst, of all that write to one table. Null: one of each invocation that may run at a time."
  type        = number
  default     = null
}

variable "clickhouse_deduplication_window" {
  description = "Tokens a table must remember, in blocks. Null: 100000. silversmith migrate gives it to the tables, and a function refuses one that has less."
  type        = number
  default     = null

  validation {
    condition     = coalesce(var.clickhouse_deduplication_window, local.sizes.clickhouse.deduplication_window) >= local.deduplication_window_min || !local.has_clickhouse
    error_message = "clickhouse_deduplication_window is ${coalesce(var.clickhouse_deduplication_window, local.sizes.clickhouse.deduplication_window)}, must be at least ${local.deduplication_window_min}: 2 x ${local.inserts_per_second} INSERTs a second x ${local.repeat_seconds} s within which one may be repeated. Less, and repeated INSERTs double rows. Raise it and run silversmith migrate, or lower concurrency_max."
  }
}

# Sizes: null or absent is what sizes.json says

variable "timeout_seconds" {
  description = "Function → longest run."
  type        = map(number)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.timeout_seconds), keys(local.sizes.functions))) == 0
    error_message = "timeout_seconds is of ${join(", ", keys(local.sizes.functions))}."
  }
}

variable "memory_mib" {
  description = "Function → memory, and CPU with it."
  type        = map(number)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.memory_mib), keys(local.sizes.functions))) == 0
    error_message = "memory_mib is of ${join(", ", keys(local.sizes.functions))}."
  }
}

variable "batch_size" {
  description = "Queue → most messages of an invocation."
  type        = map(number)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.batch_size), keys(local.sizes.mappings))) == 0
    error_message = "batch_size is of ${join(", ", keys(local.sizes.mappings))}."
  }
}

variable "window_seconds" {
  description = "Queue → how long its mapping gathers messages."
  type        = map(number)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.window_seconds), keys(local.sizes.mappings))) == 0
    error_message = "window_seconds is of ${join(", ", keys(local.sizes.mappings))}."
  }
}

variable "concurrency_max" {
  description = "Queue → most invocations at a time."
  type        = map(number)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.concurrency_max), keys(local.sizes.mappings))) == 0
    error_message = "concurrency_max is of ${join(", ", keys(local.sizes.mappings))}."
  }
}

variable "visibility_timeout_seconds" {
  description = "Queue → how long a received message is hidden; by default what the rule asks for, and never less."
  type        = map(number)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.visibility_timeout_seconds), keys(local.sizes.mappings))) == 0
    error_message = "visibility_timeout_seconds is of ${join(", ", keys(local.sizes.mappings))}."
  }
}

variable "max_receive_count" {
  description = "Receives before a message becomes a dead letter. Null: 50."
  type        = number
  default     = null
}

variable "queue_retention_seconds" {
  description = "How long a message waits in a queue. Null: 4 days."
  type        = number
  default     = null
}

variable "replay_expiration_days" {
  description = "Days after which copies of replays are deleted. Null: 35."
  type        = number
  default     = null

  validation {
    condition     = coalesce(var.replay_expiration_days, local.sizes.replay_expiration_days) >= 30
    error_message = "replay_expiration_days must be at least 30: a copy is needed while its messages wait, 14 days in each of two queues."
  }
}

variable "settings" {
  description = "Function → further settings of it, by the names it knows: settings.json lists them under open."
  type        = map(map(string))
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.settings), keys(local.known_settings))) == 0
    error_message = "settings is of ${join(", ", keys(local.known_settings))}."
  }

  validation {
    condition = alltrue(flatten([for function, given in var.settings : [
      for name in keys(given) : contains(try(local.known_settings[function].open, []), name)
    ]]))
    error_message = "settings has what is not to be set there: ${join("; ", flatten([for function, given in var.settings : [
      for name in keys(given) : join("", [
        "${name} of ${function} ",
        contains(keys(try(local.known_settings[function].set, {})), name) ? "has a variable of its own" : lookup(try(local.known_settings[function].closed, {}), name, "is not known"),
      ]) if !contains(try(local.known_settings[function].open, []), name)
    ]]))}."
  }
}

# Schedules

variable "sweep_expression" {
  description = "When the sweep looks for batches nobody is at."
  type        = string
  default     = "rate(1 minute)"
}

variable "reconcile_expression" {
  description = "When bronze is compared with what was loaded, in UTC. Null: never."
  type        = string
  default     = "cron(30 3 * * ? *)"
}

variable "reconcile_event" {
  description = "Fields of that event in JSON, beside mode and bucket: prefix, since, enqueue, setAside."
  type        = string
  default     = "{\"since\": 172800}"

  validation {
    condition     = can(keys(jsondecode(var.reconcile_event))) ? length(setsubtract(keys(jsondecode(var.reconcile_event)), ["prefix", "since", "enqueue", "setAside"])) == 0 : false
    error_message = "reconcile_event must be JSON with prefix, since, enqueue and setAside only."
  }
}

# What is kept, and for how long

variable "point_in_time_recovery" {
  description = "Whether the ledger can be restored to any second of the last 35 days."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Whether the ledger refuses to be deleted."
  type        = bool
  default     = true
}

variable "force_destroy" {
  description = "Whether terraform destroy may delete buckets that are not empty."
  type        = bool
  default     = false

  validation {
    condition     = !(var.force_destroy && var.deletion_protection)
    error_message = "force_destroy and deletion_protection do not go together."
  }
}

variable "versioning" {
  description = "Whether the buckets that are made keep versions."
  type        = bool
  default     = true
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 30
}

# The account

variable "bucket_suffix" {
  description = "End of the names of the buckets that are made, which must be nobody's in the world. Null: the number of the account."
  type        = string
  default     = null
}

variable "bucket_key_arn" {
  description = "Key of KMS for the buckets that are made. Null: S3's own."
  type        = string
  default     = null
}

variable "used_key_arns" {
  description = "Keys of KMS that functions must use beside it: of existing buckets, queues or secrets."
  type        = list(string)
  default     = []
}

variable "vpc" {
  description = "Network the functions run in. Null: Lambda's own."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}

variable "trace" {
  description = "Whether X-Ray traces the functions; costs transform a quarter more CPU."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of all that is made, but of IAM and SQS."
  type        = map(string)
  default     = {}
}

variable "tag_iam_and_sqs" {
  description = "Whether IAM and SQS are tagged, too: restricted accounts forbid it."
  type        = bool
  default     = false
}

variable "iam_name_prefix" {
  description = "Names of roles begin with it."
  type        = string
  default     = ""
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds the roles that are made."
  type        = string
  default     = null
}

variable "is_emulated" {
  description = "Whether this AWS is an emulator: it has no TLS, and does not know whose dead letters a queue takes."
  type        = bool
  default     = false
}

# What is there already

variable "existing_bronze_buckets" {
  description = "Buckets objects arrive in. Empty: one is made. Their notifications are left alone: the output notification says what to add."
  type        = list(string)
  default     = []
}

variable "existing_silver_bucket" {
  description = "Bucket of silver, quarantine, manifests and staging. Null: one is made. No lifecycle rule of it may expire _staging/, _batches/, _jobs/ or _erasures/."
  type        = string
  default     = null

  validation {
    condition     = var.existing_silver_bucket == null ? true : !contains(var.existing_bronze_buckets, var.existing_silver_bucket)
    error_message = "existing_silver_bucket must not be a bronze bucket: what is written there would arrive again."
  }
}

variable "manage_notifications" {
  description = "Whether the notifications of existing buckets are set, too. Whatever else was set there is gone then."
  type        = bool
  default     = false
}

variable "existing_queues" {
  description = "Queue (arrivals, objects, bulk, messages) → the one that is there, and its dead-letter queue. Visibility timeout and redrive policy are yours: silversmith doctor looks at them."
  type = map(object({
    arn     = string
    url     = string
    dlq_arn = string
    dlq_url = string
  }))
  default = {}

  validation {
    condition     = length(setsubtract(keys(var.existing_queues), keys(local.sizes.mappings))) == 0
    error_message = "existing_queues is of ${join(", ", keys(local.sizes.mappings))}."
  }

  validation {
    condition     = !contains(keys(var.existing_queues), "messages") || var.messages
    error_message = "existing_queues names a queue of messages: set messages = true."
  }
}

variable "existing_role_arns" {
  description = "Function → role that is there. The output policies says what it must be allowed."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.existing_role_arns), keys(local.sizes.functions))) == 0
    error_message = "existing_role_arns is of ${join(", ", keys(local.sizes.functions))}."
  }
}
