import { DaybookError } from '@daybook/errors'
import type { Actor } from '@daybook/events'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** What a caller may do. `read`: ask. `append`: journal. `approve`: decide what waits for a person. `admin`: all. */
export const scopes = ['read', 'append', 'approve', 'admin'] as const
export type Scope = (typeof scopes)[number]

/** Who makes a request, and what they may do. */
export interface Caller {
  readonly tenant: string
  readonly actor: Actor
  readonly scopes: readonly Scope[]
  /** The service of Daybook that asks by itself for this caller. Nothing that comes from outside has it. */
  readonly service?: string
}

/** Finds out who makes a request. Throws `unauthenticated` when nobody can be told. */
export type CallerCheck = (request: FastifyRequest) => Caller | Promise<Caller>

/** For a server that has nothing to ask for but its health. */
export const noCallers: CallerCheck = () => {
  throw new DaybookError('unauthenticated', 'This server has no callers.')
}

/** What a route asks of its caller. `public`: nothing. `any`: to be known; whoever answers in the end asks for more. */
export type RouteScope = Scope | 'any' | 'public'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Each route has one, or the server does not start. */
    scope?: RouteScope
  }
}

const CALLER = Symbol('caller')

/** Gives requests a place for their caller. */
export function keepCallers(app: FastifyInstance): void {
  app.decorateRequest(CALLER)
}

export function setCaller(request: FastifyRequest, caller: Caller): void {
  request.setDecorator(CALLER, caller)
}

/** Who makes this request. Of a route that is not public; anywhere else it is a mistake (`internal`). */
export function callerOf(request: FastifyRequest): Caller {
  const caller = request.getDecorator<Caller | undefined>(CALLER)
  if (caller !== undefined) return caller
  throw new DaybookError('internal', `The caller of ${request.routeOptions.url ?? 'a request'} is not known.`)
}

/** The tenant of the caller. */
export function tenantOf(request: FastifyRequest): string {
  return callerOf(request).tenant
}

/** Whether the caller may do what needs this scope: `admin` may do everything. */
export function may({ scopes: own }: Pick<Caller, 'scopes'>, scope: Scope): boolean {
  return own.includes(scope) || own.includes('admin')
}

/** Of whoever runs Daybook. What concerns all tenants is theirs; the admin of any other has a say in that one only. */
const OPERATORS = 'main'

export function isOperator({ tenant }: Pick<Caller, 'tenant'>): boolean {
  return tenant === OPERATORS
}

/** For what concerns all tenants. Code: `forbidden`. */
export function requireOperator(caller: Caller): void {
  if (isOperator(caller)) return
  throw new DaybookError(
    'forbidden',
    `This concerns all tenants: only an admin of the tenant ${OPERATORS} may do it.`,
  )
}
