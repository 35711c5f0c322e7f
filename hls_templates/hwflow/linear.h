// Product of each token with a constant matrix, bias and requantiser included (CONFIG::apply).
//
// Beat in: CONFIG::in elements. Beat out: CONFIG::out elements, one for every CONFIG::beats beats in
// (1 for a layer per token, the number of tokens for a layer over a flattened frame).
// Fold: CONFIG::pe outputs and CONFIG::simd inputs a cycle; a beat takes (out / pe) * (in / simd) cycles, II = 1.
// Weights lie in the order in which the cycles read them: [beat][out / pe][in / simd][pe][simd].
#ifndef HWFLOW_LINEAR_H_
#define HWFLOW_LINEAR_H_

#include "hls_stream.h"

namespace hwflow {

template <class data_T, class res_T, class CONFIG, class weight_T>
void linear(hls::stream<data_T> &data, hls::stream<res_T> &res, weight_T *weights) {
    const unsigned lanes = CONFIG::pe * CONFIG::simd;
#pragma HLS ARRAY_RESHAPE variable = weights cyclic factor = lanes
    typename CONFIG::acc_t acc[CONFIG::out];
#pragma HLS ARRAY_PARTITION variable = acc complete
    data_T x;
    res_T y;

Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
    Beats:
        for (unsigned beat = 0; beat < CONFIG::beats; beat++) {
        Outputs:
            for (unsigned o = 0; o < CONFIG::out / CONFIG::pe; o++) {
            Inputs:
                for (unsigned i = 0; i < CONFIG::in / CONFIG::simd; i++) {
#pragma HLS PIPELINE II = 1
                    const bool last = beat == CONFIG::beats - 1 && i == CONFIG::in / CONFIG::simd - 1;
                    const unsigned word = ((beat * (CONFIG::out / CONFIG::pe) + o) * (CONFIG::in / CONFIG::simd) + i);
                    if (o == 0 && i == 0)
                        x = data.read();
                Pe:
                    for (unsigned p = 0; p < CONFIG::pe; p++) {
#pragma HLS UNROLL
                        const unsigned n = o * CONFIG::pe + p;
                        typename CONFIG::acc_t sum = 0;
                        if (beat != 0 || i != 0)
                            sum = acc[n];
                    Simd:
                        for (unsigned s = 0; s < CONFIG::simd; s++) {
#pragma HLS UNROLL
                            sum += weights[word * lanes + p * CONFIG::simd + s] * x[i * CONFIG::simd + s];
                        }
                        acc[n] = sum;
                        if (last)
                            y[n] = CONFIG::apply(sum, token, n);
                    }
                    if (last && o == CONFIG::out / CONFIG::pe - 1)
                        res.write(y);
                }
            }
        }
    }
}

template <class data_T, class res_T, class CONFIG, class weight_T>
void linear(data_T *data, res_T *res, weight_T *weights) {
#pragma HLS INLINE
    const unsigned in = CONFIG::beats * CONFIG::in;
Tokens:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS UNROLL
    Outputs:
        for (unsigned n = 0; n < CONFIG::out; n++) {
#pragma HLS UNROLL
            typename CONFIG::acc_t sum = 0;
        Beats:
            for (unsigned beat = 0; beat < CONFIG::beats; beat++) {
#pragma HLS UNROLL
            Inputs:
                for (unsigned i = 0; i < CONFIG::in; i++) {
#pragma HLS UNROLL
                    sum += weights[(beat * CONFIG::out + n) * CONFIG::in + i] *
                           data[token * in + beat * CONFIG::in + i];
                }
            }
            res[token * CONFIG::out + n] = CONFIG::apply(sum, token, n);
        }
    }
}

} // namespace hwflow

#endif
