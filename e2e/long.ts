/** DAYBOOK_LONG=1 runs the fault tests in their full size, for some minutes; otherwise they are as long as a person waits. */
export const isLong = process.env['DAYBOOK_LONG'] === '1'
