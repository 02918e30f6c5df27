mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name              = "ledger"
  idempotency_names = ["ingest", "bulk"]
}

run "keeps_the_ledger" {
  assert {
    condition     = aws_dynamodb_table.this.point_in_time_recovery[0].enabled && aws_dynamodb_table.this.deletion_protection_enabled
    error_message = "the ledger must be protected unless somebody says otherwise"
  }
  assert {
    condition     = length([for ttl in aws_dynamodb_table.this.ttl : ttl if coalesce(ttl.enabled, false)]) == 0
    error_message = "claims never expire"
  }
  assert {
    condition     = one(aws_dynamodb_table.this.global_secondary_index).name == "open" && aws_dynamodb_table.this.billing_mode == "PAY_PER_REQUEST"
    error_message = "the sweep finds open batches by the index"
  }
}

run "forgets_what_was_sent" {
  assert {
    condition     = join(",", keys(aws_dynamodb_table.idempotency)) == "bulk,ingest"
    error_message = "a table for each function"
  }
  assert {
    condition = alltrue([for table in aws_dynamodb_table.idempotency :
      table.ttl[0].enabled && table.ttl[0].attribute_name == "expiration" && table.hash_key == "id"
    ])
    error_message = "as Powertools has them: key id, time to live by expiration"
  }
}

run "is_not_protected_where_nothing_is_to_be_kept" {
  variables {
    point_in_time_recovery = false
    deletion_protection    = false
  }
  assert {
    condition     = !aws_dynamodb_table.this.point_in_time_recovery[0].enabled && !aws_dynamodb_table.this.deletion_protection_enabled
    error_message = "both can be switched off"
  }
}
