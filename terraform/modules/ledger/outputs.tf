output "name" {
  description = "Name of the ledger's table."
  value       = aws_dynamodb_table.this.name
}

output "arn" {
  description = "ARN of the ledger's table."
  value       = aws_dynamodb_table.this.arn
}

output "open_index_arn" {
  description = "ARN of the index of open batches."
  value       = "${aws_dynamodb_table.this.arn}/index/${local.tables.ledger.index.name}"
}

output "idempotency" {
  description = "Function → name and ARN of its table."
  value       = { for name, table in aws_dynamodb_table.idempotency : name => { name = table.name, arn = table.arn } }
}
