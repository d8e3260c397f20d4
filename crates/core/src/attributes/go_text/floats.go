//go:build ignore

// Prints the texts of floats that go_text/tests.rs compares: bits in hexadecimal, the text in
// jaeger.storage.v1, the text in jaeger.storage.v2, separated by tabs.
//
//	go run floats.go > floats.tsv
package main

import (
	"fmt"
	"math"
	"math/rand"
	"strconv"
	"strings"
)

// shortest is the Collector's rule for finite floats: plain between 1e-6 and 1e21, otherwise with an
// exponent of as few digits as it needs.
func shortest(value float64) string {
	size := math.Abs(value)
	if size == 0 || (size >= 1e-6 && size < 1e21) {
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	return strings.Replace(strconv.FormatFloat(value, 'e', -1, 64), "e-0", "e-", 1)
}

func main() {
	random := rand.New(rand.NewSource(1))
	values := []float64{
		0, math.Copysign(0, -1), 1e-4, 9.9999999995e-5, 1e-5, 1e-6, 9.999999999999999e-7, 1e10, 9999999999, 9999999999.5,
		1e20, 1e21, 999999999999999868928, math.MaxFloat64, math.SmallestNonzeroFloat64, 2.2250738585072014e-308,
		// Exact ties at the tenth digit go to the even one.
		12345678.125, 12345678.375, 1234567890.5, 1234567891.5, -1234567892.5, 0.5, 1.5, 2.5,
	}
	for range 60 { // any bits
		value := math.Float64frombits(random.Uint64())
		if !math.IsNaN(value) && !math.IsInf(value, 0) {
			values = append(values, value)
		}
	}
	for range 60 { // round the thresholds of both forms
		values = append(values, math.Copysign(random.Float64(), random.Float64()-0.5)*math.Pow10(random.Intn(32)-8))
	}
	for range 60 { // few digits, as people write them
		values = append(values, float64(random.Intn(100000))/math.Pow10(random.Intn(12)))
	}
	for _, value := range values {
		fmt.Printf("%016x\t%s\t%s\n", math.Float64bits(value), strconv.FormatFloat(value, 'g', 10, 64), shortest(value))
	}
}
