# 1.10: S3 itself locks the state; validations look at other variables (1.9), and tests mock the provider (1.7).
# 5.80: the first provider that knows nodejs22.x on every resource; 6 renames what these modules use (region, data sources).
terraform {
  required_version = ">= 1.10, < 2.0"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.80"
    }
  }
}
