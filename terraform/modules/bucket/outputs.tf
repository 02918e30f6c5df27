output "name" {
  description = "Name of the bucket."
  value       = var.is_existing ? var.name : aws_s3_bucket.this[0].id
}

output "arn" {
  description = "ARN of the bucket."
  value       = local.arn
}
