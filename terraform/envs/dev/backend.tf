# The bucket, its region and its lock come with terraform init -backend-config=…: see the example.
terraform {
  backend "s3" {
    key          = "silversmith/dev.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
