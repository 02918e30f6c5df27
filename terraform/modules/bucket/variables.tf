variable "name" {
  description = "Name of the bucket."
  type        = string
}

variable "is_existing" {
  description = "The bucket is there already: nothing of it is touched but, where any are given, its notifications."
  type        = bool
  default     = false
}

variable "versioning" {
  description = "Whether versions are kept: with them an overwrite that comes while its predecessor is read loses nothing."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "Key of KMS. Null: S3's own."
  type        = string
  default     = null
}

variable "require_tls" {
  description = "Whether only TLS is let in. Off for an emulator that has none."
  type        = bool
  default     = true
}

variable "force_destroy" {
  description = "Whether terraform destroy may delete what is in the bucket."
  type        = bool
  default     = false
}

# Lifecycle

variable "expiration_days" {
  description = "Prefix → days after which its objects, and at once their older versions, are deleted."
  type        = map(number)
  default     = {}

  validation {
    condition = alltrue(flatten([for prefix in keys(var.expiration_days) : [
      for kept in local.kept_prefixes : prefix != "" && !startswith(kept, prefix) && !startswith(prefix, kept)
    ]]))
    error_message = "expiration_days must name a prefix, and none of ${join(", ", local.kept_prefixes)}: staging is what a sealed batch is applied from, however old it is, and manifests, jobs and erasures are the record of what was done."
  }

  validation {
    condition     = alltrue([for days in values(var.expiration_days) : days >= 1])
    error_message = "expiration_days must be at least 1."
  }
}

variable "deleted_staging_days" {
  description = "Days after which versions of staging files that were deleted are gone for good. Null: no rule. What is not deleted stays."
  type        = number
  default     = null
}

# Notifications of new objects

variable "notify" {
  description = "Whom S3 tells of new objects: queue, function, eventbridge or none. None leaves notifications alone."
  type        = string
  default     = "none"

  validation {
    condition     = contains(["none", "queue", "function", "eventbridge"], var.notify)
    error_message = "notify must be none, queue, function or eventbridge."
  }
}

variable "notified_arn" {
  description = "ARN of that queue or function; with eventbridge of the queue its rule sends to."
  type        = string
  default     = null
}

variable "notification_filters" {
  description = "Keys that are told of: a prefix and a suffix each. Empty: all."
  type = list(object({
    prefix = string
    suffix = string
  }))
  default = []
}

variable "rule_name" {
  description = "Name of the EventBridge rule."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the bucket."
  type        = map(string)
  default     = {}
}
