// Attention of every query token over the keys and values of its frame, softmax on tables included.
//
// Beats: q heads * key elements, k heads * key, v heads * value, out heads * value; CONFIG::tokens beats of q,
// CONFIG::keys beats of k and of v. CONFIG::row turns the scores of a row into probabilities (scale, mask, maximum,
// tables); CONFIG::apply requantises one element of the context.
// Loader and query row are two processes with a ping-pong buffer between, so frames overlap.
// Fold: a query token takes CONFIG::cycles cycles.
#ifndef HWFLOW_ATTENTION_H_
#define HWFLOW_ATTENTION_H_

#include "hls_stream.h"

namespace hwflow {

template <class key_T, class value_T, class CONFIG> struct AttentionCache {
    key_T keys[CONFIG::keys][CONFIG::heads * CONFIG::key];
    value_T values[CONFIG::keys][CONFIG::heads * CONFIG::value];
};

template <class query_T, class key_T, class value_T, class res_T, class CONFIG>
void attention_row(const query_T *q, const key_T (*keys)[CONFIG::heads * CONFIG::key],
                   const value_T (*values)[CONFIG::heads * CONFIG::value], res_T *out, unsigned token) {
#pragma HLS INLINE
Heads:
    for (unsigned h = 0; h < CONFIG::heads; h++) {
#pragma HLS UNROLL
        typename CONFIG::score_t score[CONFIG::keys];
        typename CONFIG::probability_t probability[CONFIG::keys];
#pragma HLS ARRAY_PARTITION variable = score complete
#pragma HLS ARRAY_PARTITION variable = probability complete
    Scores:
        for (unsigned s = 0; s < CONFIG::keys; s++) {
#pragma HLS UNROLL
            typename CONFIG::score_t sum = 0;
            for (unsigned n = 0; n < CONFIG::key; n++) {
#pragma HLS UNROLL
                sum += q[h * CONFIG::key + n] * keys[s][h * CONFIG::key + n];
            }
            score[s] = sum;
        }
        CONFIG::row(score, probability, h, token);
    Context:
        for (unsigned n = 0; n < CONFIG::value; n++) {
#pragma HLS UNROLL
            typename CONFIG::context_t sum = 0;
            for (unsigned s = 0; s < CONFIG::keys; s++) {
#pragma HLS UNROLL
                sum += probability[s] * values[s][h * CONFIG::value + n];
            }
            out[h * CONFIG::value + n] = CONFIG::apply(sum, token, h * CONFIG::value + n);
        }
    }
}

template <class k_T, class v_T, class cache_T, class CONFIG>
void attention_load(hls::stream<k_T> &k, hls::stream<v_T> &v, cache_T &cache) {
Load:
    for (unsigned s = 0; s < CONFIG::keys; s++) {
#pragma HLS PIPELINE II = 1
        const k_T key = k.read();
        const v_T value = v.read();
        for (unsigned n = 0; n < CONFIG::heads * CONFIG::key; n++)
            cache.keys[s][n] = key[n];
        for (unsigned n = 0; n < CONFIG::heads * CONFIG::value; n++)
            cache.values[s][n] = value[n];
    }
}

template <class q_T, class res_T, class cache_T, class key_T, class value_T, class CONFIG>
void attention_query(hls::stream<q_T> &q, const cache_T &cache, hls::stream<res_T> &res) {
Query:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS PIPELINE II = CONFIG::cycles
        const q_T query = q.read();
        typename q_T::value_type in[CONFIG::heads * CONFIG::key];
        typename res_T::value_type out[CONFIG::heads * CONFIG::value];
#pragma HLS ARRAY_PARTITION variable = in complete
#pragma HLS ARRAY_PARTITION variable = out complete
        for (unsigned n = 0; n < CONFIG::heads * CONFIG::key; n++)
            in[n] = query[n];
        attention_row<typename q_T::value_type, key_T, value_T, typename res_T::value_type, CONFIG>(
            in, cache.keys, cache.values, out, token);
        res_T y;
        for (unsigned n = 0; n < CONFIG::heads * CONFIG::value; n++)
            y[n] = out[n];
        res.write(y);
    }
}

template <class q_T, class k_T, class v_T, class res_T, class CONFIG>
void attention(hls::stream<q_T> &q, hls::stream<k_T> &k, hls::stream<v_T> &v, hls::stream<res_T> &res) {
#pragma HLS DATAFLOW
    typedef typename k_T::value_type key_T;
    typedef typename v_T::value_type value_T;
    typedef AttentionCache<key_T, value_T, CONFIG> cache_T;
    cache_T cache;
#pragma HLS ARRAY_PARTITION variable = cache.keys complete dim = 0
#pragma HLS ARRAY_PARTITION variable = cache.values complete dim = 0
    attention_load<k_T, v_T, cache_T, CONFIG>(k, v, cache);
    attention_query<q_T, res_T, cache_T, key_T, value_T, CONFIG>(q, cache, res);
}

template <class q_T, class k_T, class v_T, class res_T, class CONFIG>
void attention(q_T *q, k_T *k, v_T *v, res_T *res) {
#pragma HLS INLINE
    const unsigned q_width = CONFIG::heads * CONFIG::key;
    const unsigned v_width = CONFIG::heads * CONFIG::value;
    k_T keys[CONFIG::keys][q_width];
    v_T values[CONFIG::keys][v_width];
#pragma HLS ARRAY_PARTITION variable = keys complete dim = 0
#pragma HLS ARRAY_PARTITION variable = values complete dim = 0
    for (unsigned s = 0; s < CONFIG::keys; s++) {
#pragma HLS UNROLL
        for (unsigned n = 0; n < q_width; n++)
            keys[s][n] = k[s * q_width + n];
        for (unsigned n = 0; n < v_width; n++)
            values[s][n] = v[s * v_width + n];
    }
Query:
    for (unsigned token = 0; token < CONFIG::tokens; token++) {
#pragma HLS UNROLL
        attention_row<q_T, k_T, v_T, res_T, CONFIG>(q + token * q_width, keys, values, res + token * v_width, token);
    }
}

} // namespace hwflow

#endif
