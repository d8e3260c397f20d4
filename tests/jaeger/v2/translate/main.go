// Translates single spans as Jaeger's storage does between its two models: the peer of tests/translation_diff.
//
// Frames come on standard input and answers leave on standard output, one for one. A frame is a letter, the length
// of what follows as four bytes, big-endian, and a protobuf message: 'v' asks for the OTLP of an api_v2.Batch, 'o'
// for the api_v2.Batch of OTLP's TracesData. An answer has the same shape; its letter is that of its own form, or '!'
// before the text of a panic.
//
// The module's path lies below Jaeger's, so that Go lets it use Jaeger's internal packages.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"log"
	"os"

	"github.com/jaegertracing/jaeger-idl/model/v1"
	"github.com/jaegertracing/jaeger/internal/storage/v2/v1adapter"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

const (
	formV1   = 'v'
	formOTLP = 'o'
	panicked = '!'
)

func main() {
	in := bufio.NewReader(os.Stdin)
	for {
		form, message, err := readFrame(in)
		if err == io.EOF {
			return
		}
		if err != nil {
			log.Fatal("reading a frame: ", err)
		}
		answerForm, answer, err := translate(form, message)
		if err != nil {
			log.Fatalf("a message of form %q: %v", form, err)
		}
		if err := writeFrame(os.Stdout, answerForm, answer); err != nil {
			log.Fatal("writing an answer: ", err)
		}
	}
}

func translate(form byte, message []byte) (answerForm byte, answer []byte, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			answerForm, answer, err = panicked, []byte(fmt.Sprint(reason)), nil
		}
	}()
	switch form {
	case formV1:
		answer, err = toOTLP(message)
		return formOTLP, answer, err
	case formOTLP:
		answer, err = toV1(message)
		return formV1, answer, err
	}
	return 0, nil, fmt.Errorf("unknown form")
}

func toOTLP(message []byte) ([]byte, error) {
	var batch model.Batch
	if err := batch.Unmarshal(message); err != nil {
		return nil, err
	}
	traces := v1adapter.V1TraceToOtelTrace(&model.Trace{Spans: batch.Spans})
	return (&ptrace.ProtoMarshaler{}).MarshalTraces(traces)
}

func toV1(message []byte) ([]byte, error) {
	traces, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(message)
	if err != nil {
		return nil, err
	}
	translated, err := v1adapter.V1TracesFromSeq2(one(traces))
	if err != nil {
		return nil, err
	}
	var batch model.Batch
	for _, trace := range translated {
		batch.Spans = append(batch.Spans, trace.Spans...)
	}
	return batch.Marshal()
}

func one(traces ptrace.Traces) iter.Seq2[[]ptrace.Traces, error] {
	return func(yield func([]ptrace.Traces, error) bool) {
		yield([]ptrace.Traces{traces}, nil)
	}
}

func readFrame(in io.Reader) (byte, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, nil, err
	}
	message := make([]byte, binary.BigEndian.Uint32(head[1:]))
	_, err := io.ReadFull(in, message)
	return head[0], message, err
}

func writeFrame(out io.Writer, form byte, message []byte) error {
	frame := binary.BigEndian.AppendUint32([]byte{form}, uint32(len(message)))
	_, err := out.Write(append(frame, message...))
	return err
}
