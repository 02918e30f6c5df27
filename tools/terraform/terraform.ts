import { spawn } from 'node:child_process'

export interface Ran {
  readonly code: number
  /** Both streams as they came. */
  readonly output: string
}

/** Terraform takes a mirror of providers in place of the registry: a folder of `registry.terraform.io/hashicorp/aws/…`. */
export const pluginDirName = 'TERRAFORM_PLUGIN_DIR'

export interface Terraform {
  run(dir: string, args: readonly string[]): Promise<Ran>
  init(dir: string): Promise<Ran>
}

/** The `terraform` that is on the PATH. `timeoutMs` of one call; what takes longer is ended. */
export const createTerraform = (environment: NodeJS.ProcessEnv, timeoutMs: number): Terraform => {
  const plugins = environment[pluginDirName]
  const run: Terraform['run'] = (dir, args) =>
    new Promise((resolve) => {
      const child = spawn('terraform', args, {
        cwd: dir,
        env: { ...environment, TF_IN_AUTOMATION: '1', TF_INPUT: '0', CHECKPOINT_DISABLE: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: timeoutMs,
      })
      let output = ''
      const take = (bytes: Buffer): void => void (output += bytes.toString())
      child.stdout.on('data', take)
      child.stderr.on('data', take)
      child.on('error', (error) => resolve({ code: 127, output: error.message }))
      child.on('close', (code) => resolve({ code: code ?? 124, output }))
    })
  return {
    run,
    init: (dir) =>
      run(dir, [
        ...['init', '-backend=false', '-no-color'],
        ...(plugins ? [`-plugin-dir=${plugins}`] : []),
      ]),
  }
}
