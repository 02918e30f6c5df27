mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name = "bronze"
}

run "is_closed_encrypted_and_versioned" {
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this[0].block_public_acls,
      aws_s3_bucket_public_access_block.this[0].block_public_policy,
      aws_s3_bucket_public_access_block.this[0].ignore_public_acls,
      aws_s3_bucket_public_access_block.this[0].restrict_public_buckets,
    ])
    error_message = "public access must be blocked"
  }
  assert {
    condition = jsondecode(aws_s3_bucket_policy.this[0].policy).Statement == [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::bronze", "arn:aws:s3:::bronze/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "only TLS"
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this[0].rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "encrypted by S3's own key by default"
  }
  assert {
    condition     = aws_s3_bucket_versioning.this[0].versioning_configuration[0].status == "Enabled"
    error_message = "versions must be kept by default"
  }
  assert {
    condition     = aws_s3_bucket_ownership_controls.this[0].rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "no ACLs"
  }
  assert {
    condition     = !aws_s3_bucket.this[0].force_destroy
    error_message = "what is in it must not be deleted with it"
  }
}

run "cuts_uploads_and_expires_nothing_by_itself" {
  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this[0].rule : [rule.id, length(rule.expiration), length(rule.noncurrent_version_expiration)]] == [["cut-uploads", 0, 0]]
    error_message = "uploads that were cut off must go, and nothing else"
  }
  assert {
    condition     = length(aws_s3_bucket_notification.this) == 0
    error_message = "notifications are left alone unless somebody is to be told"
  }
}

run "expires_what_is_named" {
  variables {
    expiration_days      = { "_replay/" = 35 }
    deleted_staging_days = 7
  }
  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this[0].rule : one(rule.filter).prefix if length(rule.expiration) > 0] == ["_replay/"]
    error_message = "only what is named may expire"
  }
  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.this[0].rule : length(rule.expiration) if rule.id == "deleted-staging"] == [0]
    error_message = "staging that was not deleted must stay, however old"
  }
}

run "keeps_staging" {
  command = plan
  variables {
    expiration_days = { "_staging/" = 14 }
  }
  expect_failures = [var.expiration_days]
}

run "keeps_slices_of_jobs" {
  command = plan
  variables {
    expiration_days = { "_jobs/default/" = 14 }
  }
  expect_failures = [var.expiration_days]
}

run "keeps_manifests_under_a_wider_prefix" {
  command = plan
  variables {
    expiration_days = { "_b" = 400 }
  }
  expect_failures = [var.expiration_days]
}

run "keeps_all_of_a_bucket" {
  command = plan
  variables {
    expiration_days = { "" = 400 }
  }
  expect_failures = [var.expiration_days]
}

run "tells_a_queue" {
  variables {
    notify               = "queue"
    notified_arn         = "arn:aws:sqs:eu-west-1:123456789012:arrivals"
    notification_filters = [{ prefix = "section/", suffix = ".jsonl" }, { prefix = "_replay/", suffix = "" }]
  }
  assert {
    condition = [for queue in aws_s3_bucket_notification.this[0].queue : [one(queue.events), queue.filter_prefix, queue.filter_suffix]] == [
      ["s3:ObjectCreated:*", "section/", ".jsonl"],
      ["s3:ObjectCreated:*", "_replay/", ""],
    ]
    error_message = "of every kind of creation: Put alone misses multipart uploads"
  }
}

run "tells_eventbridge" {
  variables {
    notify               = "eventbridge"
    notified_arn         = "arn:aws:sqs:eu-west-1:123456789012:arrivals"
    rule_name            = "created"
    notification_filters = [{ prefix = "section/", suffix = ".jsonl" }]
  }
  assert {
    condition     = aws_s3_bucket_notification.this[0].eventbridge && length(aws_s3_bucket_notification.this[0].queue) == 0
    error_message = "the bucket must tell EventBridge, and no queue"
  }
  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.created[0].event_pattern) == {
      source      = ["aws.s3"]
      detail-type = ["Object Created"]
      detail      = { bucket = { name = ["bronze"] }, object = { key = [{ wildcard = "section/*.jsonl" }] } }
    }
    error_message = "only new objects of this bucket, of these keys"
  }
}

run "lets_an_emulator_without_tls_be_used" {
  variables {
    require_tls = false
  }
  assert {
    condition     = length(aws_s3_bucket_policy.this) == 0 && length(aws_s3_bucket_public_access_block.this) == 1
    error_message = "only the policy is left out"
  }
}

run "leaves_an_existing_one_alone" {
  variables {
    is_existing = true
    notify      = "none"
  }
  assert {
    condition = sum([
      length(aws_s3_bucket.this), length(aws_s3_bucket_versioning.this), length(aws_s3_bucket_policy.this),
      length(aws_s3_bucket_lifecycle_configuration.this), length(aws_s3_bucket_public_access_block.this),
      length(aws_s3_bucket_server_side_encryption_configuration.this), length(aws_s3_bucket_ownership_controls.this),
      length(aws_s3_bucket_notification.this),
    ]) == 0
    error_message = "nothing of a bucket that is there may be touched"
  }
  assert {
    condition     = output.arn == "arn:aws:s3:::bronze" && output.name == "bronze"
    error_message = "it is known by its name"
  }
}
