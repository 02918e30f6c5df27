variable "name" {
  description = "Name of the queue; that of its dead-letter queue ends in -dlq."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,76}$", var.name))
    error_message = "name must be at most 76 letters, digits, - and _: -dlq must fit behind it."
  }
}

# Its consumer

variable "consumer_timeout_seconds" {
  description = "Longest run of the function that reads the queue."
  type        = number

  validation {
    condition     = var.consumer_timeout_seconds >= 1 && var.consumer_timeout_seconds <= 900
    error_message = "consumer_timeout_seconds must be 1 to 900, as of a function."
  }
}

variable "window_seconds" {
  description = "Batching window of the mapping that reads the queue."
  type        = number
  default     = 0
}

variable "lease_margin_seconds" {
  description = "Time after the end of an invocation until its lease ends: a message must not come back before. 0 where the function holds no leases."
  type        = number
  default     = 0
}

variable "visibility_timeout_seconds" {
  description = "How long a received message is hidden. Null: what the rule asks for; give more only."
  type        = number
  default     = null

  validation {
    condition     = var.visibility_timeout_seconds == null ? true : var.visibility_timeout_seconds >= local.visibility_seconds_min && var.visibility_timeout_seconds <= 43200
    error_message = "visibility_timeout_seconds of ${var.name} must be ${local.visibility_seconds_min} to 43200: 6 x the ${var.consumer_timeout_seconds} s its function may take and the window of ${var.window_seconds} s. Less, and messages come again while they are worked on, and burn receives. Leave it out."
  }
}

# Retries

variable "max_receive_count" {
  description = "Receives before a message goes to the dead-letter queue. Each try during an outage is one."
  type        = number
  default     = 50

  validation {
    condition     = var.max_receive_count >= 20 && var.max_receive_count <= 1000
    error_message = "max_receive_count of ${var.name} must be 20 to 1000: below 20 an outage of an hour makes dead letters of good messages."
  }
}

variable "retention_seconds" {
  description = "How long a message waits in the queue."
  type        = number
  default     = 345600

  validation {
    condition     = var.retention_seconds >= 60 && var.retention_seconds < local.dead_retention_seconds
    error_message = "retention_seconds of ${var.name} must be 60 to ${local.dead_retention_seconds - 1}: a dead letter keeps the age it had in the queue, so that the dead-letter queue must keep messages longer."
  }
}

# Who may send

variable "sources" {
  description = "AWS services that send to the queue, each from one thing of one account only."
  type = list(object({
    service    = string
    source_arn = string
    account_id = string
  }))
  default = []
}

variable "restrict_redrive" {
  description = "Only this queue may use its dead-letter queue. Off for an emulator that does not know it."
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags of both queues. Empty where an account forbids them."
  type        = map(string)
  default     = {}
}
