variable "name" {
  description = "Names of the rules begin with it."
  type        = string
}

variable "function_name" {
  description = "Name of the function that is invoked."
  type        = string
}

variable "function_arn" {
  description = "Its ARN."
  type        = string
}

variable "events" {
  description = "Name → when, as a cron(…) or rate(…) expression of EventBridge in UTC, and the event in JSON."
  type = map(object({
    expression = string
    event      = string
  }))

  validation {
    condition     = alltrue([for one in values(var.events) : can(regex("^(rate|cron)\\(.+\\)$", one.expression)) && can(jsondecode(one.event))])
    error_message = "each of events needs an expression rate(…) or cron(…), and an event in JSON."
  }
}

variable "tags" {
  description = "Tags of the rules."
  type        = map(string)
  default     = {}
}
