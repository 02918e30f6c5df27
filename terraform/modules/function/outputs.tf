output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
}

output "open_arn" {
  description = "ARN of the function, once its invokers may invoke it: S3 refuses a notification to one it may not."
  value       = aws_lambda_function.this.arn
  depends_on  = [aws_lambda_permission.this]
}

output "role_arn" {
  description = "ARN of its role."
  value       = aws_lambda_function.this.role
}

output "log_group" {
  description = "Name of its log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "policy" {
  description = "What its role must be allowed, as a policy: for a role that is not made here."
  value       = local.policy
}

output "mapping_ids" {
  description = "Queue → id of its event source mapping."
  value       = { for name, mapping in aws_lambda_event_source_mapping.this : name => mapping.uuid }
}
