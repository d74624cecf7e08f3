import "./zzPeople.test.ts"
