// Some channels of every token, or some tokens of a frame.
//
// Beat in: CONFIG::in elements, CONFIG::tokens a frame; beat out: CONFIG::out elements, for each token with
// CONFIG::kept(token). Element n out is element CONFIG::channel(n) in.
#ifndef HWFLOW_SLICE_H_
#define HWFLOW_SLICE_H_

#include "hls_stream.h"

namespace hwflow {

template <class data_T, class res_T, class CONFIG> void slice(hls::stream<data_T> &data, hls::stream<res_T> &res) {
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS PIPELINE II = 1
        const data_T x = data.read();
        res_T y;
        for (unsigned n = 0; n < CONFIG::out; n++)
            y[n] = x[CONFIG::channel(n)];
        if (CONFIG::kept(token))
            res.write(y);
    }
}

template <class data_T, class res_T, class CONFIG> void slice(data_T *data, res_T *res) {
#pragma HLS INLINE
    unsigned beat = 0;
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS UNROLL
        if (CONFIG::kept(token)) {
            for (unsigned n = 0; n < CONFIG::out; n++)
                res[beat * CONFIG::out + n] = data[token * CONFIG::in + CONFIG::channel(n)];
            beat++;
        }
    }
}

} // namespace hwflow

#endif
