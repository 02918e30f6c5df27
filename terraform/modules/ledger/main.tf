# The same as `libs/aws/src/table-definition.ts`: a test compares.
locals {
  tables = jsondecode(file("${path.module}/tables.json"))
}

# Claims and batches, for ever: no time to live. DynamoDB encrypts every table; its own key costs nothing and needs no grant.

resource "aws_dynamodb_table" "this" {
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = local.tables.ledger.key
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = local.tables.ledger.attributes
    content {
      name = attribute.key
      type = attribute.value
    }
  }

  global_secondary_index {
    name            = local.tables.ledger.index.name
    hash_key        = local.tables.ledger.index.key
    range_key       = local.tables.ledger.index.range
    projection_type = local.tables.ledger.index.projection
  }

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }

  tags = var.tags
}

# What was sent, for an hour: may be lost, claims decide

resource "aws_dynamodb_table" "idempotency" {
  for_each = var.idempotency_names

  name         = "${var.name}-${each.key}"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = local.tables.idempotency.key

  dynamic "attribute" {
    for_each = local.tables.idempotency.attributes
    content {
      name = attribute.key
      type = attribute.value
    }
  }

  ttl {
    attribute_name = local.tables.idempotency.ttl
    enabled        = true
  }

  tags = var.tags
}
