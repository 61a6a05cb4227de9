/** Figures for Prometheus: per operation as requests end, per pool and device when they are asked for, if not just before. */
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { State } from '../operations/metrics/measure-state.js';
import type { Recent } from '../operations/metrics/recent.js';

const uses = ['allocated', 'held', 'quarantined', 'delegated', 'free'] as const;
const settledStates = ['settled', 'pending', 'failing', 'rejected', 'suspended'] as const;

export class Metrics {
  private readonly registry = new Registry();
  private readonly requests = new Histogram({
    name: 'casm_operation_duration_seconds',
    help: 'Time to answer, by operation and status',
    labelNames: ['operation', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    registers: [this.registry],
  });
  /** IPv6 figures lose digits here: Prometheus has 64-bit floats only. The exact ones are in the pool's usage. */
  private readonly addresses = new Gauge({ name: 'casm_pool_addresses', help: 'Addresses of a pool by use', labelNames: ['pool', 'family', 'use'], registers: [this.registry] });
  private readonly deliveryState = new Gauge({ name: 'casm_device_delivery_state', help: '1 for the state a delivery is in', labelNames: ['device', 'state'], registers: [this.registry] });
  private readonly behind = new Gauge({ name: 'casm_device_revisions_behind', help: 'Wanted less applied revision', labelNames: ['device'], registers: [this.registry] });
  private readonly attempts = new Gauge({ name: 'casm_device_delivery_attempts', help: 'Attempts since the last success', labelNames: ['device'], registers: [this.registry] });
  private readonly alarms = new Gauge({ name: 'casm_pool_alarm', help: '1 while too little of a family is free in a pool, by its thresholds', labelNames: ['pool', 'family'], registers: [this.registry] });

  /** What the gauges show. */
  private shown: State | undefined;

  constructor(private readonly state: Recent<State>) {
    collectDefaultMetrics({ register: this.registry, prefix: 'casm_' });
  }

  observe(operation: string, status: number, seconds: number): void {
    this.requests.observe({ operation, status }, seconds);
  }

  async text(): Promise<string> {
    const state = await this.state.get();
    if (state !== this.shown) this.show(state);
    return this.registry.metrics();
  }

  private show(state: State): void {
    const { usage, deliveries, watched } = state;
    this.shown = state;
    for (const gauge of [this.addresses, this.deliveryState, this.behind, this.attempts, this.alarms]) gauge.reset();
    for (const { poolId, family, ...counts } of usage) {
      for (const use of uses) this.addresses.set({ pool: poolId, family, use }, Number(counts[use]));
    }
    for (const { poolId, family, raised } of watched) this.alarms.set({ pool: poolId, family }, raised === undefined ? 0 : 1);
    for (const delivery of deliveries) {
      for (const state of settledStates) this.deliveryState.set({ device: delivery.deviceId, state }, delivery.state === state ? 1 : 0);
      this.behind.set({ device: delivery.deviceId }, Number(BigInt(delivery.wantedRevision) - BigInt(delivery.appliedRevision)));
      this.attempts.set({ device: delivery.deviceId }, delivery.attempts);
    }
  }
}
