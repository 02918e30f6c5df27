/** Of every world. */
export const pipeline = 'notes'
export const bucket = 'bronze'
