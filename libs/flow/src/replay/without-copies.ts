import type { Bronze } from '@silversmith/core'

/**
 * Lists bronze without what lies below the replay prefix: copies are no objects of their own, whatever the routes say. For all who
 * list objects to load or to compare them.
 */
export const withoutCopies = <Store extends Pick<Bronze, 'list'>>(
  bronze: Store,
  replayPrefix: string,
): Store => ({
  ...bronze,
  list: async (...args: Parameters<Bronze['list']>) => {
    const page = await bronze.list(...args)
    const objects = page.objects.filter(({ object }) => !object.key.startsWith(replayPrefix))
    return { ...page, objects }
  },
})
