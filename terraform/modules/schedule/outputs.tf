output "rule_names" {
  description = "Names of the rules; disabled they invoke nothing."
  value       = { for name, rule in aws_cloudwatch_event_rule.this : name => rule.name }
}
