data "aws_partition" "current" {}

locals {
  arn = "arn:${data.aws_partition.current.partition}:s3:::${var.name}"

  # No rule may expire what is below these: see "What is where in the silver bucket" in ARCHITECTURE.md.
  kept_prefixes = ["_staging/", "_batches/", "_jobs/", "_erasures/"]
}

# Bucket

resource "aws_s3_bucket" "this" {
  count = var.is_existing ? 0 : 1

  bucket        = var.name
  force_destroy = var.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_versioning" "this" {
  count = var.is_existing ? 0 : 1

  bucket = aws_s3_bucket.this[0].id
  versioning_configuration {
    status = var.versioning ? "Enabled" : "Suspended"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  count = var.is_existing ? 0 : 1

  bucket = aws_s3_bucket.this[0].id
  rule {
    bucket_key_enabled = var.kms_key_arn != null
    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

# Who may

resource "aws_s3_bucket_public_access_block" "this" {
  count = var.is_existing ? 0 : 1

  bucket                  = aws_s3_bucket.this[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  count = var.is_existing ? 0 : 1

  bucket = aws_s3_bucket.this[0].id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "this" {
  count = var.is_existing || !var.require_tls ? 0 : 1

  bucket = aws_s3_bucket.this[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.arn, "${local.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
  depends_on = [aws_s3_bucket_public_access_block.this]
}

# Lifecycle

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  count = var.is_existing ? 0 : 1

  bucket = aws_s3_bucket.this[0].id

  rule {
    id     = "cut-uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }

  dynamic "rule" {
    for_each = var.expiration_days
    content {
      id     = "expire ${rule.key}"
      status = "Enabled"
      filter {
        prefix = rule.key
      }
      expiration {
        days = rule.value
      }
      noncurrent_version_expiration {
        noncurrent_days = 1
      }
    }
  }

  dynamic "rule" {
    for_each = var.deleted_staging_days == null ? [] : [var.deleted_staging_days]
    content {
      id     = "deleted-staging"
      status = "Enabled"
      filter {
        prefix = "_staging/"
      }
      noncurrent_version_expiration {
        noncurrent_days = rule.value
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

# Notifications

locals {
  filters = length(var.notification_filters) > 0 ? var.notification_filters : [{ prefix = "", suffix = "" }]
}

resource "aws_s3_bucket_notification" "this" {
  count = var.notify == "none" ? 0 : 1

  bucket      = var.is_existing ? var.name : aws_s3_bucket.this[0].id
  eventbridge = var.notify == "eventbridge"

  dynamic "queue" {
    for_each = var.notify == "queue" ? local.filters : []
    content {
      queue_arn     = var.notified_arn
      events        = ["s3:ObjectCreated:*"]
      filter_prefix = queue.value.prefix
      filter_suffix = queue.value.suffix
    }
  }

  dynamic "lambda_function" {
    for_each = var.notify == "function" ? local.filters : []
    content {
      lambda_function_arn = var.notified_arn
      events              = ["s3:ObjectCreated:*"]
      filter_prefix       = lambda_function.value.prefix
      filter_suffix       = lambda_function.value.suffix
    }
  }
}

resource "aws_cloudwatch_event_rule" "created" {
  count = var.notify == "eventbridge" ? 1 : 0

  name        = var.rule_name
  description = "New objects of ${var.name}"
  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = merge(
      { bucket = { name = [var.name] } },
      length(var.notification_filters) == 0 ? {} : {
        object = { key = [for filter in var.notification_filters : { wildcard = "${filter.prefix}*${filter.suffix}" }] }
      },
    )
  })
  tags = var.tags
}

resource "aws_cloudwatch_event_target" "created" {
  count = var.notify == "eventbridge" ? 1 : 0

  rule = aws_cloudwatch_event_rule.created[0].name
  arn  = var.notified_arn
}
