variable "name" {
  description = "Name of the ledger's table; those of the others begin with it."
  type        = string
}

variable "idempotency_names" {
  description = "Functions that remember for a while what they sent, each in a table of its own."
  type        = set(string)
  default     = []
}

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

variable "tags" {
  description = "Tags of the tables."
  type        = map(string)
  default     = {}
}
