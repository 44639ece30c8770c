// Sends calls through breakers of gobreaker at given instants and writes down what became of each.
//
// Usage: drive PLAN RESULT. The plan is a list of scenarios with the behaviour of the callee for each call; see
// compare.py, which writes it, and which writes the list of breakers, registry.go, beside this file.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"
	"reflect"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/sony/gobreaker/v2"
)

// plan is what the calls of one scenario would meet without guards.
type plan struct {
	Scenario string
	// Timeout is that of the context which each call gets, in nanoseconds; zero for none.
	Timeout time.Duration
	// Errors are the outcomes for which the callee's client returns an error of Go.
	Errors []string
	Calls  []call
}

type call struct {
	At      time.Duration
	Takes   time.Duration
	Outcome string
}

// result is what became of the calls of one scenario.
type result struct {
	Scenario string
	Outcomes []string
	Changes  []change
}

type change struct {
	At    time.Duration
	State string
}

// failure is the error that the client of a callee returns.
type failure string

func (f failure) Error() string { return string(f) }

func main() {
	var plans []plan
	read, err := os.ReadFile(os.Args[1])
	check(err)
	check(json.Unmarshal(read, &plans))
	results := make([]result, len(plans))
	var all sync.WaitGroup
	for i := range plans {
		results[i] = result{Scenario: plans[i].Scenario, Outcomes: make([]string, len(plans[i].Calls)), Changes: []change{}}
		all.Add(1)
		go func() {
			defer all.Done()
			drive(&plans[i], &results[i])
		}()
	}
	all.Wait()
	written, err := json.Marshal(results)
	check(err)
	check(os.WriteFile(os.Args[2], written, 0o644))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// drive sends the calls of one scenario.
func drive(plan *plan, result *result) {
	began := time.Now()
	breaker := breakers[plan.Scenario]
	onStateChange(breaker, func(_ string, _, to gobreaker.State) {
		result.Changes = append(result.Changes, change{time.Since(began), to.String()})
	})
	var calls sync.WaitGroup
	for i := range plan.Calls {
		calls.Add(1)
		go func() {
			defer calls.Done()
			time.Sleep(plan.Calls[i].At - time.Since(began))
			result.Outcomes[i] = through(breaker, plan, &plan.Calls[i])
		}()
	}
	calls.Wait()
}

// through sends one call through the breaker and names its outcome.
func through(breaker *gobreaker.CircuitBreaker[any], plan *plan, call *call) string {
	ctx, cancel := context.Background(), context.CancelFunc(func() {})
	if plan.Timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, plan.Timeout)
	}
	defer cancel()
	answer, err := breaker.Execute(func() (any, error) { return callee(ctx, plan, call) })
	var failed failure
	switch {
	case err == nil:
		return answer.(string)
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return "rejected by breaker"
	case errors.As(err, &failed):
		return string(failed)
	default:
		return err.Error()
	}
}

// callee answers as the plan says.
func callee(ctx context.Context, plan *plan, call *call) (any, error) {
	outcome := call.Outcome
	if call.Takes > 0 {
		select {
		case <-time.After(call.Takes):
		case <-ctx.Done():
			outcome = "timeout"
		}
	}
	if slices.Contains(plan.Errors, outcome) {
		return nil, failure(outcome)
	}
	return outcome, nil
}

// onStateChange observes a breaker whose settings have no OnStateChange, which is how an exported one is.
func onStateChange(breaker *gobreaker.CircuitBreaker[any], observe func(string, gobreaker.State, gobreaker.State)) {
	field := reflect.ValueOf(breaker).Elem().FieldByName("onStateChange")
	reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(observe))
}
