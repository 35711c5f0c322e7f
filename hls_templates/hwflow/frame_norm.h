// Functions of a whole frame: CONFIG::passes runs over it measure, one more puts out (GroupNorm with one group).
//
// Beat: CONFIG::width elements, CONFIG::tokens a frame. CONFIG::measure adds an element to the state of a pass,
// CONFIG::settle computes what follows at its end, CONFIG::element and CONFIG::apply give an element out.
// Fold: a beat takes CONFIG::cycles cycles in every run.
#ifndef HWFLOW_FRAME_NORM_H_
#define HWFLOW_FRAME_NORM_H_

#include "hls_stream.h"

namespace hwflow {

template <class CONFIG, class frame_T> void frame_measure(const frame_T &frame, typename CONFIG::state_t &state) {
Passes:
    for (unsigned pass = 0; pass < CONFIG::passes; pass++) {
    Tokens:
        for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS PIPELINE II = CONFIG::cycles
            for (unsigned c = 0; c < CONFIG::width; c++)
                CONFIG::measure(pass, frame[token * CONFIG::width + c], token * CONFIG::width + c, state);
        }
        CONFIG::settle(pass, state);
    }
}

template <class data_T, class res_T, class CONFIG>
void frame_norm(hls::stream<data_T> &data, hls::stream<res_T> &res) {
    typename data_T::value_type frame[CONFIG::tokens * CONFIG::width];
    const unsigned lanes = CONFIG::width / CONFIG::cycles;
#pragma HLS ARRAY_PARTITION variable = frame cyclic factor = lanes
    typename CONFIG::state_t state;
Load:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS PIPELINE II = CONFIG::cycles
        const data_T x = data.read();
        for (unsigned c = 0; c < CONFIG::width; c++)
            frame[token * CONFIG::width + c] = x[c];
    }
    frame_measure<CONFIG>(frame, state);
Emit:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS PIPELINE II = CONFIG::cycles
        res_T y;
        for (unsigned c = 0; c < CONFIG::width; c++) {
            const unsigned n = token * CONFIG::width + c;
            y[c] = CONFIG::apply(CONFIG::element(frame[n], n, state), token, c);
        }
        res.write(y);
    }
}

template <class data_T, class res_T, class CONFIG> void frame_norm(data_T *data, res_T *res) {
#pragma HLS INLINE
    typename CONFIG::state_t state;
    frame_measure<CONFIG>(data, state);
Emit:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS UNROLL
        for (unsigned c = 0; c < CONFIG::width; c++) {
            const unsigned n = token * CONFIG::width + c;
            res[n] = CONFIG::apply(CONFIG::element(data[n], n, state), token, c);
        }
    }
}

} // namespace hwflow

#endif
