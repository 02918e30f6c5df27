variable "name" {
  description = "Name of the function."
  type        = string
}

variable "description" {
  description = "What it does, in a line."
  type        = string
}

# Code

variable "zip" {
  description = "Path of its zip, of `npm run package`."
  type        = string

  validation {
    condition     = fileexists(var.zip)
    error_message = "there is no ${var.zip}: run npm run package first."
  }
}

variable "architecture" {
  description = "arm64 or x86_64; the zip must be for it."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "environment" {
  description = "Its settings. No secrets: whoever may look at the function sees them."
  type        = map(string)

  validation {
    condition     = length([for name in keys(var.environment) : name if can(regex("PASSWORD|SECRET_KEY|SECRET_ACCESS|TOKEN", name))]) == 0
    error_message = "environment must hold no password: give the ARN of a secret."
  }
}

# Size

variable "timeout_seconds" {
  description = "Longest run."
  type        = number

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900
    error_message = "timeout_seconds of ${var.name} must be 1 to 900."
  }
}

variable "memory_mib" {
  description = "Memory, and CPU with it: one vCPU at 1769."
  type        = number

  validation {
    condition     = var.memory_mib >= 256 && var.memory_mib <= 10240
    error_message = "memory_mib of ${var.name} must be 256 to 10240."
  }
}

# Role

variable "role_arn" {
  description = "Role that is there already, with a policy that allows `statements`. Null: one is made."
  type        = string
  default     = null
}

variable "role_name" {
  description = "Name of the role that is made. Null: the function's."
  type        = string
  default     = null

  validation {
    condition     = length(coalesce(var.role_name, var.name)) <= 64
    error_message = "${coalesce(var.role_name, var.name)} is longer than the 64 letters IAM takes: shorten name or iam_name_prefix."
  }
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds the role that is made."
  type        = string
  default     = null
}

variable "statements" {
  description = "What the role may do."
  type = list(object({
    id        = string
    actions   = list(string)
    resources = list(string)
  }))
}

# What invokes it

variable "mappings" {
  description = "Queues it reads: name → which, and how."
  type = map(object({
    queue_arn       = string
    batch_size      = number
    window_seconds  = number
    concurrency_max = number
  }))
  default = {}

  validation {
    condition = alltrue([for one in values(var.mappings) :
      one.batch_size >= 1 && one.batch_size <= 10000 && one.window_seconds >= 0 && one.window_seconds <= 300
    ])
    error_message = "a mapping of ${var.name} must have a batch_size of 1 to 10000 and window_seconds of 0 to 300."
  }

  validation {
    condition     = alltrue([for one in values(var.mappings) : one.batch_size <= 10 || one.window_seconds >= 1])
    error_message = "a mapping of ${var.name} with a batch_size over 10 must have window_seconds of 1 at least."
  }

  validation {
    condition     = alltrue([for one in values(var.mappings) : one.concurrency_max >= 2 && one.concurrency_max <= 1000])
    error_message = "a mapping of ${var.name} must have a concurrency_max of 2 to 1000, as AWS takes it."
  }
}

variable "invokers" {
  description = "AWS services that may invoke it, each for one thing of one account: name → which."
  type = map(object({
    service    = string
    source_arn = string
    account_id = string
  }))
  default = {}
}

variable "failed_events_arn" {
  description = "Queue for events that were given up, where a service invokes the function without a queue between."
  type        = string
  default     = null
}

# Where it runs, and what it leaves

variable "vpc" {
  description = "Network it runs in. Null: Lambda's own. S3, SQS, DynamoDB, Secrets Manager and ClickHouse must be reachable from it."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}

variable "trace" {
  description = "Whether X-Ray traces it."
  type        = bool
  default     = false
}

variable "log_retention_days" {
  description = "How long its log is kept."
  type        = number
  default     = 30
}

variable "tags" {
  description = "Tags of the function and its log."
  type        = map(string)
  default     = {}
}

variable "role_tags" {
  description = "Tags of its role. Empty where an account forbids them."
  type        = map(string)
  default     = {}
}
