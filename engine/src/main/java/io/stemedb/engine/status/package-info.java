/** What can be seen of a running engine, from inside and from other processes. */
package io.stemedb.engine.status;
