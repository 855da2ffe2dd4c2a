import type { Schedule } from '@daybook/events'

export type CronSchedule = Extract<Schedule, { cron: string }>
